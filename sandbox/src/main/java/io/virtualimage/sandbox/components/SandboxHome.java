package io.virtualimage.sandbox.components;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The folder that holds {@code sandbox/bin/component}: a checkout of the project, or an installation laid out like it. */
public record SandboxHome(Path directory) {

    /** Both the name of the environment variable and of the system property, which wins. */
    public static final String VARIABLE = "VIRTUALIMAGE_HOME";

    private static final Path COMPONENT = Path.of("sandbox", "bin", "component");

    public SandboxHome {
        if (!Files.isRegularFile(directory.resolve(COMPONENT))) {
            throw new ComponentException(directory + " holds no " + COMPONENT + ": set " + VARIABLE
                    + " to the folder of the VirtualImage project");
        }
    }

    /**
     * The folder named by {@link #VARIABLE}, else the nearest one from the working directory upwards.
     *
     * @throws ComponentException if there is none
     */
    public static SandboxHome find() {
        Optional<String> property = Optional.ofNullable(System.getProperty(VARIABLE));
        return find(property.orElseGet(() -> System.getenv(VARIABLE)), Path.of(""));
    }

    static SandboxHome find(@Nullable String given, Path workingDirectory) {
        if (given != null && !given.isBlank()) {
            return new SandboxHome(Path.of(given).toAbsolutePath().normalize());
        }
        Path start = workingDirectory.toAbsolutePath().normalize();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve(COMPONENT))) {
                return new SandboxHome(folder);
            }
        }
        throw new ComponentException("Neither " + start + " nor a folder above it holds " + COMPONENT + ": set "
                + VARIABLE + " to the folder of the VirtualImage project");
    }

    Path componentScript() {
        return directory.resolve(COMPONENT);
    }
}
