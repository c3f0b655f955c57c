package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComponentTest {

    private final ByteArrayOutputStream progress = new ByteArrayOutputStream();

    @TempDir
    Path folder;

    private String run(String script, String... arguments) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("sandbox/bin"));
        Path file = Files.writeString(bin.resolve("component"), "#!/bin/sh\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return Component.script(
                new SandboxHome(folder), new PrintStream(progress, true, StandardCharsets.UTF_8), arguments);
    }

    @Test
    void theAnswerIsWhatTheScriptPrints() throws IOException {
        assertThat(run("echo building >&2; echo /cache/$1-$2", "etcd", "v3")).isEqualTo("/cache/etcd-v3");
        assertThat(progress.toString(StandardCharsets.UTF_8)).isEqualTo("building\n");
    }

    @Test
    void aFailureNamesTheScriptsLastWord() {
        assertThatThrownBy(() -> run("echo more >&2; echo 'component: no go on the PATH' >&2; exit 1", "etcd"))
                .isInstanceOf(ComponentException.class)
                .hasMessageEndingWith("component etcd failed: component: no go on the PATH");
    }

    @Test
    void aSilentFailureNamesTheCode() {
        assertThatThrownBy(() -> run("exit 3", "etcd"))
                .hasMessageEndingWith("failed: it ended with code 3 and no word");
    }

    @Test
    void findsTheVersionInWhatAProgramSaysOfItself() {
        assertThat(Component.versionIn(List.of("etcd Version: 3.6.14", "Go Version: go1.26.8")))
                .isEqualTo("v3.6.14");
        assertThat(Component.versionIn(List.of("registry github.com/distribution/distribution/v3 v3.1.1")))
                .isEqualTo("v3.1.1");
        assertThat(Component.versionIn(List.of("Kubernetes v1.36.3"))).isEqualTo("v1.36.3");
        assertThat(Component.versionIn(List.of("minio version RELEASE.2025-09-07T16-13-09Z (commit-id=07c3)")))
                .isEqualTo("v2025-09-07T16-13-09Z");
        assertThat(Component.versionIn(List.of("minio version DEVELOPMENT.GOGET")))
                .isEqualTo("of unknown version");
    }
}
