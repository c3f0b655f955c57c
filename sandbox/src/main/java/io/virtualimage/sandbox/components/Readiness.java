package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.URI;

/** Says whether a component that is coming up can be used already. */
@FunctionalInterface
public interface Readiness {

    /**
     * Asks once, and answers within seconds.
     *
     * @throws IOException means "not yet" too; the last one is part of the message if the component never gets ready
     */
    boolean isReady() throws IOException;

    /** Ready when a connection is accepted. */
    static Readiness tcp(String address, int port) {
        return () -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(address, port), 2_000);
                return true;
            }
        };
    }

    /** Ready when a GET is answered with 200. */
    static Readiness http(URI uri) {
        return () -> {
            HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
            connection.setConnectTimeout(2_000);
            connection.setReadTimeout(5_000);
            try {
                int code = connection.getResponseCode();
                if (code != HttpURLConnection.HTTP_OK) {
                    throw new IOException(uri + " answers " + code);
                }
                return true;
            } finally {
                connection.disconnect();
            }
        };
    }
}
