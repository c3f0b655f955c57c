package io.virtualimage.fetcher.source;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What went wrong with a connection, in words that a user can act on. */
final class ConnectionWords {
    private static final int LONGEST = 200;

    private ConnectionWords() {}

    static String of(IOException failure) {
        return switch (failure) {
            case UnknownHostException e -> "unknown host (" + plain(e.getMessage()) + ")";
            case SocketTimeoutException e -> "timeout (" + plain(e.getMessage()) + ")";
            case NoRouteToHostException _ -> "no route to host";
            case ConnectException e -> connect(e);
            case SSLException e -> tls(e);
            case EOFException _ -> "the connection closed";
            case ProtocolException e -> isEnd(e) ? "the connection closed" : "not HTTP: " + plain(e.getMessage());
            default -> isEnd(failure) ? "the connection closed" : plain(failure.getMessage());
        };
    }

    /** Whether the other side just closed, where more was to come. */
    static boolean isEnd(IOException failure) {
        return failure instanceof EOFException
                || String.valueOf(failure.getMessage()).startsWith("unexpected end of stream");
    }

    /** Another's words, so that they do no harm where they are shown: short, on one line, without control characters. */
    static String plain(@Nullable String words) {
        String line = String.valueOf(words).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }

    private static String connect(ConnectException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).contains("refused")) {
                return "connection refused";
            }
        }
        return plain(failure.getMessage());
    }

    private static String tls(SSLException failure) {
        return CertificateWords.isEarly(failure)
                ? "its TLS certificate is not valid yet"
                : "TLS: " + plain(failure.getMessage());
    }
}
