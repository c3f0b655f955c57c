package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Plays a Service of Kubernetes: hands each connection to the next one of its ports that takes it. Dead ones are passed
 * over.
 */
public final class TcpBalancer implements RunningComponent {
    private static final int CONNECT_MS = 1_000;
    private static final int BACKLOG = 128;
    private static final int BUFFER_BYTES = 16 * 1024;

    private final ServerSocket server;
    private final List<Integer> ports;
    private final AtomicInteger next = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ByteGate gate = new ByteGate();

    private TcpBalancer(ServerSocket server, List<Integer> ports) {
        this.server = server;
        this.ports = List.copyOf(ports);
    }

    /**
     * Listens on the loopback.
     *
     * @param port where
     * @param ports to hand connections to, on the loopback
     */
    public static TcpBalancer start(int port, List<Integer> ports) {
        try {
            ServerSocket server = new ServerSocket(port, BACKLOG, InetAddress.getLoopbackAddress());
            TcpBalancer balancer = new TcpBalancer(server, ports);
            Thread.ofVirtual().name("balancer-" + port).start(balancer::accept);
            return balancer;
        } catch (IOException e) {
            throw new ComponentException("Port " + port + " for the balancer can't be used: " + e.getMessage(), e);
        }
    }

    /** Host and port of it. */
    public String hostAndPort() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /** What clients send goes through it: open, unless somebody shuts it. */
    public ByteGate gate() {
        return gate;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            } catch (SocketException e) {
                return; // closed
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void serve(Socket client) {
        open.add(client);
        try (client;
                Socket chosen = connect()) {
            if (chosen != null) {
                open.add(chosen);
                Thread there = Thread.ofVirtual().start(() -> pump(client, chosen, gate));
                pump(chosen, client, null);
                // An answer may come before the request has ended; nothing is asked for after that.
                there.join();
                open.remove(chosen);
            }
        } catch (IOException e) {
            // Both ends are closed, which is all that there is to say.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    private @Nullable Socket connect() {
        int first = next.getAndIncrement();
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(Math.floorMod(first + i, ports.size()));
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MS);
                return socket;
            } catch (IOException e) {
                close(socket);
            }
        }
        return null;
    }

    /** One direction, to its end. When one side broke, the other one hears of it. */
    private static void pump(Socket from, Socket to, @Nullable ByteGate through) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                if (through != null) {
                    through.pass(count);
                }
                out.write(buffer, 0, count);
            }
            to.shutdownOutput();
        } catch (IOException e) {
            close(from);
            close(to);
        } catch (InterruptedException e) {
            close(from);
            close(to);
            Thread.currentThread().interrupt();
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // gone already
        }
    }

    @Override
    public String describe() {
        return "balancer of " + ports.size() + " ports";
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            gate.open();
            open.forEach(TcpBalancer::close);
        }
    }
}
