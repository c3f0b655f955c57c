package io.virtualimage.sandbox;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * How a sandbox is to be.
 *
 * @param directory where everything of it is: data, logs, kubeconfig
 * @param processes how many processes of each service; a service that isn't named runs within the sandbox's JVM
 * @param store the object store
 * @param settings settings of the services that differ from the sandbox's own, by the names of their variables
 */
public record SandboxOptions(
        Path directory, Map<Service, Integer> processes, Store store, Map<String, String> settings) {
    /** The object stores to choose from. */
    public enum Store {
        /** In the sandbox's JVM, keeps objects as files. */
        S3PROXY,
        /** MinIO's server, a process. */
        MINIO
    }

    public SandboxOptions {
        directory = directory.toAbsolutePath().normalize();
        processes = Map.copyOf(processes);
        settings = Map.copyOf(settings);
    }

    /** All services within the sandbox's JVM. */
    public static SandboxOptions in(Path directory) {
        return new SandboxOptions(directory, Map.of(), Store.S3PROXY, Map.of());
    }

    /** The same, with so many processes of one service. */
    public SandboxOptions with(Service service, int count) {
        Map<Service, Integer> more = new EnumMap<>(Service.class);
        more.putAll(processes);
        more.put(service, count);
        return new SandboxOptions(directory, more, store, settings);
    }

    /** The same, with one setting more. */
    public SandboxOptions with(String name, String value) {
        Map<String, String> more = new HashMap<>(settings);
        more.put(name, value);
        return new SandboxOptions(directory, processes, store, more);
    }

    /** The same, on another object store. */
    public SandboxOptions on(Store other) {
        return new SandboxOptions(directory, processes, other, settings);
    }

    /**
     * Options as the environment gives them: {@code FETCHERS=3} and so on.
     *
     * @throws IllegalArgumentException if a count is no number from 1 to 20
     */
    public static SandboxOptions of(Path directory, Map<String, String> environment) {
        SandboxOptions options = in(directory);
        for (Service service : Service.values()) {
            String count = environment.getOrDefault(service.countVariable(), "").strip();
            if (!count.isEmpty()) {
                if (!count.matches("[1-9]|1[0-9]|20")) {
                    throw new IllegalArgumentException(
                            service.countVariable() + " is '" + count + "', but has to be a number from 1 to 20");
                }
                options = options.with(service, Integer.parseInt(count));
            }
        }
        String store = environment.getOrDefault("STORE", "").strip();
        return switch (store) {
            case "", "s3proxy" -> options;
            case "minio" -> options.on(Store.MINIO);
            default -> throw new IllegalArgumentException("STORE is '" + store + "', but has to be s3proxy or minio");
        };
    }
}
