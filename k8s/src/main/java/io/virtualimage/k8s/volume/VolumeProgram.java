package io.virtualimage.k8s.volume;

import java.util.List;

/**
 * The program that a Job's Pod runs, and what it may use up.
 *
 * @param image of the container
 * @param command what starts it; {@link VolumeWork#word} is its last argument
 * @param memory request and limit, as Kubernetes writes it
 * @param cpuLimit as Kubernetes writes it; namespaces with a quota want one
 */
public record VolumeProgram(String image, List<String> command, String memory, String cpuLimit) {
    /** For our own container image. The JVM takes no more than its part of the container's memory. */
    public static final String COMMAND =
            "java -XX:+UseSerialGC -XX:MaxRAMPercentage=60 -XX:-UsePerfData -cp /app/* io.virtualimage.volume.VolumeMain";

    public static final String MEMORY = "256Mi";
    public static final String CPU_LIMIT = "2";

    public VolumeProgram {
        command = List.copyOf(command);
        if (image.isBlank() || command.isEmpty()) {
            throw new IllegalArgumentException("a container needs an image and a command");
        }
    }

    /** With a command as a setting gives it: words with white space between them. */
    public static VolumeProgram of(String image, String command, String memory, String cpuLimit) {
        return new VolumeProgram(image, List.of(command.strip().split("\\s+")), memory, cpuLimit);
    }
}
