package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalProcessTest {

    @TempDir
    Path folder;

    private LocalProcess.Program shell(String script) {
        return new LocalProcess.Program("thing", folder.resolve("thing.log"), List.of("sh", "-c", script));
    }

    private Readiness fileIsThere(String name) {
        return () -> Files.exists(folder.resolve(name));
    }

    @Test
    void isReadyWhenTheConditionHolds() {
        LocalProcess.Program program = shell("touch \"$READY\"; exec sleep 600")
                .withEnvironment(Map.of("READY", folder.resolve("ready").toString()));
        LocalProcess started = LocalProcess.start(program);
        try (started) {
            started.awaitReady(fileIsThere("ready"), Duration.ofSeconds(30));

            assertThat(started.isAlive()).isTrue();
        }
        assertThat(started.isAlive()).isFalse();
    }

    @Test
    void oneThatIsPausedStandsStillUntilItIsResumed() throws Exception {
        try (LocalProcess process = LocalProcess.start(shell("while :; do sleep 0.01; done"))) {
            process.pause();

            Awaitility.await().until(() -> state(process).startsWith("T"));
            assertThat(process.isAlive()).isTrue();

            process.resume();

            Awaitility.await().until(() -> !state(process).startsWith("T"));
        }
    }

    private static String state(LocalProcess process) throws IOException {
        Process ps = new ProcessBuilder("ps", "-o", "state=", "-p", Long.toString(process.pid())).start();
        return new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    @Test
    void anEarlyEndShowsTheEndOfTheLogOfThisRunOnly() throws IOException {
        Files.writeString(folder.resolve("thing.log"), "of an earlier run\n");
        try (LocalProcess process = LocalProcess.start(shell("seq 1 40; echo bad flag >&2; exit 7"))) {
            assertThatThrownBy(() -> process.awaitReady(() -> false, Duration.ofSeconds(30)))
                    .isInstanceOf(ComponentException.class)
                    .hasMessageContaining("thing ended with code 7 while it was starting")
                    .hasMessageEndingWith("40\nbad flag")
                    .hasMessageNotContaining("\n20\n")
                    .hasMessageNotContaining("earlier");
        }
    }

    @Test
    void oneThatNeverGetsReadyIsEndedAndSaysWhy() {
        try (LocalProcess process = LocalProcess.start(shell("exec sleep 600"))) {
            Readiness never = () -> {
                throw new IOException("answers 503");
            };
            assertThatThrownBy(() -> process.awaitReady(never, Duration.ofMillis(300)))
                    .hasMessageContaining("was not ready within")
                    .hasMessageContaining("answers 503");
            assertThat(process.isAlive()).isFalse();
        }
    }

    @Test
    void aMissingProgramIsNamed() {
        LocalProcess.Program missing =
                new LocalProcess.Program("thing", folder.resolve("x.log"), List.of(folder + "/none"));

        assertThatThrownBy(() -> LocalProcess.start(missing))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("thing can't be started");
    }

    @Test
    void killWorksOnOneThatIgnoresSigterm() {
        LocalProcess.Program program = shell("trap '' TERM; touch '" + folder + "/ready'; while :; do sleep 0.1; done");
        try (LocalProcess process = LocalProcess.start(program)) {
            process.awaitReady(fileIsThere("ready"), Duration.ofSeconds(30));
            process.kill();

            assertThat(process.isAlive()).isFalse();
        }
    }

    @Test
    void aContainedOneHasOnlyItsOwnVariablesAndTakesItsChildrenWithIt() throws Exception {
        LocalProcess.Program program = shell("""
                        env | cut -d= -f1 >'%1$s/names'; sleep 600 & echo $! >'%1$s/child'; touch '%1$s/ready'; wait; exit 1
                        """.formatted(folder))
                .withEnvironment(Map.of("PATH", System.getenv("PATH"), "OWN", "x"))
                .asContained();
        try (LocalProcess process = LocalProcess.start(program)) {
            process.awaitReady(fileIsThere("ready"), Duration.ofSeconds(30));
            ProcessHandle child = ProcessHandle.of(Long.parseLong(
                            Files.readString(folder.resolve("child")).strip()))
                    .orElseThrow();
            assertThat(Files.readAllLines(folder.resolve("names"))).containsExactlyInAnyOrder("OWN", "PATH", "PWD");
            assertThat(ProcessHandle.of(process.pid())).isPresent();

            process.kill();

            assertThat(process.onExit().get(30, TimeUnit.SECONDS)).isEqualTo(128 + 9);
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !child.isAlive());
        }
    }

    @Test
    void sigtermReachesAContainedOneAndItsCodeIsTold() throws Exception {
        LocalProcess.Program program = shell("trap 'exit 3' TERM; touch '" + folder + "/ready'; sleep 600 & wait")
                .withEnvironment(Map.of("PATH", System.getenv("PATH")))
                .asContained();
        try (LocalProcess process = LocalProcess.start(program)) {
            process.awaitReady(fileIsThere("ready"), Duration.ofSeconds(30));
            process.terminate();

            assertThat(process.onExit().get(30, TimeUnit.SECONDS)).isEqualTo(3);
        }
    }

    @Test
    void endsWithItsJvmEvenIfThatIsKilledAndADetachedOneDoesNot() throws Exception {
        Path classes = Path.of("target", "classes").toAbsolutePath();
        assertThat(classes).isDirectory();
        Process jvm = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parent.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("jvm.log").toFile())
                .start();
        try {
            Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> Files.exists(folder.resolve("pids")));
            List<String> pids = Files.readAllLines(folder.resolve("pids"));
            ProcessHandle guarded =
                    ProcessHandle.of(Long.parseLong(pids.get(0))).orElseThrow();
            ProcessHandle detached =
                    ProcessHandle.of(Long.parseLong(pids.get(1))).orElseThrow();
            ProcessHandle contained =
                    ProcessHandle.of(Long.parseLong(pids.get(2))).orElseThrow();
            String child = Files.readString(folder.resolve("child")).strip();
            ProcessHandle withIt = ProcessHandle.of(Long.parseLong(child)).orElseThrow();

            jvm.destroyForcibly();

            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> !guarded.isAlive() && !contained.isAlive() && !withIt.isAlive());
            assertThat(detached.isAlive()).isTrue();
            detached.destroyForcibly();
        } finally {
            jvm.destroyForcibly();
        }
    }

    /** The main class of a JVM that is killed. */
    static final class Parent {
        public static void main(String[] arguments) throws Exception {
            Path folder = Path.of(arguments[0]);
            List<String> sleep = List.of("sleep", "120");
            LocalProcess guarded = LocalProcess.start(new LocalProcess.Program("a", folder.resolve("a.log"), sleep));
            LocalProcess detached =
                    LocalProcess.start(new LocalProcess.Program("b", folder.resolve("b.log"), sleep).asDetached());
            List<String> family = List.of("sh", "-c", "sleep 120 & echo $! >" + folder + "/child; wait; exit 1");
            LocalProcess contained =
                    LocalProcess.start(new LocalProcess.Program("c", folder.resolve("c.log"), family).asContained());
            contained.awaitReady(() -> Files.exists(folder.resolve("child")), Duration.ofSeconds(30));
            String pids = guarded.pid() + "\n" + detached.pid() + "\n" + contained.pid() + "\n";
            Path partial = Files.writeString(folder.resolve("partial"), pids);
            Files.move(partial, folder.resolve("pids"));
            Thread.currentThread().join();
        }
    }
}
