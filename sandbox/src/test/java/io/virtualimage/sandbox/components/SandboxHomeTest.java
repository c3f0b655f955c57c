package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxHomeTest {

    @TempDir
    Path root;

    private Path project;

    @BeforeEach
    void aProject() throws IOException {
        project = root.resolve("project");
        Files.createDirectories(project.resolve("sandbox/bin"));
        Files.createFile(project.resolve("sandbox/bin/component"));
    }

    @Test
    void isFoundAboveTheWorkingDirectory() {
        assertThat(SandboxHome.find(null, project.resolve("sandbox/target")).directory())
                .isEqualTo(project);
    }

    @Test
    void isTheGivenOne() {
        assertThat(SandboxHome.find(project.toString(), root).directory()).isEqualTo(project);
    }

    @Test
    void aWrongOneSaysWhatToSet() {
        assertThatThrownBy(() -> SandboxHome.find(root.toString(), project))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("VIRTUALIMAGE_HOME");
        assertThatThrownBy(() -> SandboxHome.find(null, root)).hasMessageContaining("VIRTUALIMAGE_HOME");
    }
}
