package io.virtualimage.sandbox.components;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The programs that {@code sandbox/bin/component} finds, or builds from pinned Go modules the first time. */
public enum Component {
    ETCD("etcd"),
    KUBE_APISERVER("kube-apiserver"),
    KUBE_CONTROLLER_MANAGER("kube-controller-manager"),
    REGISTRY("registry"),
    MINIO("minio");

    private static final Pattern VERSION = Pattern.compile("\\bv?(\\d+\\.\\d+\\.\\d+\\S*|\\d{4}-\\d\\d-\\d\\d\\S*)");

    private final String programName;

    Component(String programName) {
        this.programName = programName;
    }

    public String programName() {
        return programName;
    }

    /**
     * The program, built before if need be, which takes minutes the first time; what the build says goes to standard
     * error. Concurrent callers, also of other processes, build once.
     *
     * @throws ComponentException if it is neither there nor can be built
     */
    public Path program() {
        return Path.of(script(SandboxHome.find(), System.err, programName));
    }

    /**
     * The version of {@code program}: the pinned one if the program was built from that, else what it says of itself.
     * Go programs built from a module often don't know their own version, hence not the other way round.
     */
    public String versionOf(Path program) {
        String pinned = script(SandboxHome.find(), System.err, "--version", programName);
        if (String.valueOf(program.getFileName()).equals(programName + "-" + pinned)) {
            return pinned;
        }
        try {
            Process process = new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                return versionIn(output.lines().toList());
            }
        } catch (IOException e) {
            throw new ComponentException("Asked " + program + " for its version but it can't be run", e);
        }
    }

    static String versionIn(List<String> lines) {
        for (String line : lines) {
            Matcher matcher = VERSION.matcher(line);
            if (matcher.find()) {
                return "v" + matcher.group(1);
            }
        }
        return "of unknown version";
    }

    static String script(SandboxHome home, PrintStream progress, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(home.componentScript().toString());
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command).start();
            process.getOutputStream().close();
            String last = "";
            try (BufferedReader errors = process.errorReader(StandardCharsets.UTF_8)) {
                // The script writes its one line to standard output at the very end, so this order can't deadlock.
                for (String line = errors.readLine(); line != null; line = errors.readLine()) {
                    progress.println(line);
                    last = line;
                }
            }
            String answer;
            try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                answer = String.join("\n", output.lines().toList()).strip();
            }
            int code = process.waitFor();
            if (code != 0 || answer.isEmpty()) {
                String why = last.isEmpty() ? "it ended with code " + code + " and no word" : last;
                throw new ComponentException(String.join(" ", command) + " failed: " + why);
            }
            return answer;
        } catch (IOException e) {
            throw new ComponentException(command.getFirst() + " can't be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("Interrupted while waiting for " + String.join(" ", command), e);
        }
    }
}
