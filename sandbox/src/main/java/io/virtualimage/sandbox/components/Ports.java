package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The loopback ports of a component, kept in {@code ports.properties} of its directory, so that it comes back on the
 * same ones after a restart. Not for two components at once on one directory.
 */
public record Ports(Path directory) {

    // Below the range from which Linux takes the ports of outgoing connections, which would come in between.
    private static final int FIRST = 20_000;
    private static final int END = 32_768;

    /**
     * The port of that name: the kept one, else a free one, which is kept from now on.
     *
     * @throws ComponentException if the kept port is taken by somebody else
     */
    public int port(String name) {
        Properties kept = read();
        String known = kept.getProperty(name);
        if (known != null) {
            int port = Integer.parseInt(known);
            if (!isFree(port)) {
                throw new ComponentException("Port " + port + " (" + name + "), which " + file()
                        + " keeps, is in use: end the process that has it, or delete the file");
            }
            return port;
        }
        int port = free(kept);
        kept.setProperty(name, Integer.toString(port));
        write(kept);
        return port;
    }

    static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static int free(Properties taken) {
        for (int attempt = 0; attempt < 1_000; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            if (!taken.containsValue(Integer.toString(port)) && isFree(port)) {
                return port;
            }
        }
        throw new ComponentException("No free port between " + FIRST + " and " + END + " was found");
    }

    private Path file() {
        return directory.resolve("ports.properties");
    }

    private Properties read() {
        Properties kept = new Properties();
        if (Files.exists(file())) {
            try (InputStream in = Files.newInputStream(file())) {
                kept.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return kept;
    }

    private void write(Properties kept) {
        try {
            Files.createDirectories(directory);
            try (OutputStream out = Files.newOutputStream(file())) {
                kept.store(out, null);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
