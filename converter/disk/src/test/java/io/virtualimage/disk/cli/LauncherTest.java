package io.virtualimage.disk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code bin/vdisk}, in a folder like that of the module. */
class LauncherTest {
    @TempDir
    Path directory;

    private Path module;
    private Path launcher;

    @BeforeEach
    void copyLauncher() throws IOException {
        module = Files.createDirectories(directory.resolve("with space/module"));
        launcher = module.resolve("bin/vdisk");
        Files.createDirectories(launcher.getParent());
        Files.copy(Path.of("bin/vdisk"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
    }

    @Test
    void saysWhatToDoWhenNothingIsBuilt() {
        Ran ran = Ran.program(Map.of(), List.of(launcher, "--version"));
        assertThat(ran).isEqualTo(new Ran(2, "", "vdisk: not built yet: run 'make build'\n"));
    }

    @Test
    void runsWhatIsBuilt() throws IOException {
        Path target = Files.createDirectories(module.resolve("target"));
        writeJar(target.resolve("disk-1.0.jar"));
        Files.createFile(target.resolve("disk-1.0-tests.jar"));
        Files.writeString(target.resolve("vdisk.jdk"), System.getProperty("java.home") + "\n");
        // Not what the JVM would make of it in the C locale, nor what a shell would do with blanks.
        Path image = Files.write(directory.resolve("ä b.raw"), new byte[4096]);
        Path link = Files.createSymbolicLink(directory.resolve("link"), launcher);
        for (Path program : new Path[] {launcher, link}) {
            Ran ran = Ran.program(Map.of("LC_ALL", "C"), List.of(program, "info", "--output=json", image));
            assertThat(ran.err()).isEmpty();
            assertThat(ran.json().get("filename").asString()).isEqualTo(image.toString());
            assertThat(ran.json().get("actual-size").asLong()).isEqualTo(4096);
            assertThat(ran.code()).isZero();
        }
        Ran failed = Ran.program(Map.of(), List.of(launcher, "compare", image, directory.resolve("none")));
        assertThat(failed.code()).isEqualTo(2);
        assertThat(failed.out()).isEmpty();
        Ran version = Ran.program(Map.of("VDISK_OPTS", "-showversion -Xmx64m"), List.of(launcher, "--version"));
        assertThat(version.err()).contains("VM");
        assertThat(version.out()).startsWith("vdisk ");
    }

    private static void writeJar(Path jar) throws IOException {
        Path classes = Path.of("target/classes").toAbsolutePath();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            all.filter(Files::isRegularFile).forEach(path -> {
                try {
                    entries.putNextEntry(new JarEntry(classes.relativize(path).toString()));
                    Files.copy(path, entries);
                    entries.closeEntry();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
