package io.virtualimage.stage.web;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves endpoints by HTTP/1.1, on all addresses. */
public final class WebServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);
    private static final int THREADS = 8;
    private static final int CONNECTIONS = 2_000;
    private static final int HEADER_BYTES = 8 * 1024;
    private static final int BUFFER_BYTES = 32 * 1024;

    private final Server server;
    private final ServerConnector connector;

    private WebServer(Server server, ServerConnector connector) {
        this.server = server;
        this.connector = connector;
    }

    /**
     * Starts it.
     *
     * @param port 0 for any free one
     * @param idle a connection on which nothing moves for so long, while something should, is cut; so is one whose client
     *     takes longer to read an answer
     * @param grace how long a stop waits for requests that are being served
     * @param endpoints by the beginning of the path, as in {@code /upload/}; the longest one that fits counts
     * @throws IllegalStateException if the port can't be used
     */
    public static WebServer start(int port, Duration idle, Duration grace, Map<String, WebEndpoint> endpoints) {
        // A few threads look after connections; every request has a virtual one.
        QueuedThreadPool threads = new QueuedThreadPool(THREADS);
        threads.setName("web");
        threads.setDaemon(true);
        threads.setVirtualThreadsExecutor(Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("web-", 0).factory()));
        Server server = new Server(threads);
        ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration()));
        connector.setPort(port);
        connector.setIdleTimeout(idle.toMillis());
        server.addConnector(connector);
        server.addBean(new NetworkConnectionLimit(CONNECTIONS, connector));
        server.setHandler(new GracefulHandler(new EndpointHandler(new LinkedHashMap<>(endpoints), idle)));
        ErrorHandler errors = new ErrorHandler();
        errors.setShowStacks(false);
        errors.setShowCauses(false);
        errors.setDefaultResponseMimeType("application/json");
        server.setErrorHandler(errors);
        server.setStopTimeout(grace.toMillis());
        server.setStopAtShutdown(false);
        try {
            server.start();
        } catch (Exception e) {
            stop(server);
            throw new IllegalStateException("port " + port + " can't be served: " + e.getMessage(), e);
        }
        return new WebServer(server, connector);
    }

    private static HttpConfiguration configuration() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setRequestHeaderSize(HEADER_BYTES);
        configuration.setInputBufferSize(BUFFER_BYTES);
        return configuration;
    }

    /** Where it listens. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Whether it accepts connections. */
    public boolean listening() {
        return connector.isRunning();
    }

    /** Accepts nothing more, waits a while for what is being served, then interrupts it. */
    @Override
    public void close() {
        stop(server);
    }

    private static void stop(Server server) {
        try {
            server.stop();
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the web server did not stop well");
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            LOG.atWarn().setCause(e).log("the web server did not stop well");
        }
    }
}
