package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/**
 * s3proxy in this JVM, on a folder or in memory. Its {@code If-None-Match} looks first and writes then, so two writers
 * of one key can both win.
 */
public final class S3ProxyStore implements ObjectStore {

    private static final String ACCESS_KEY = "sandbox";
    private static final String SECRET_KEY = "sandbox-secret";
    private static final int THREADS = 64;

    private volatile S3Proxy proxy;
    private final BlobStore blobs;
    private final URI endpoint;
    private final String kind;

    private S3ProxyStore(S3Proxy proxy, BlobStore blobs, URI endpoint, String kind) {
        this.proxy = proxy;
        this.blobs = blobs;
        this.endpoint = endpoint;
        this.kind = kind;
    }

    /** On a folder: objects and port stay there. The folder is made if it isn't there; its filesystem needs xattrs. */
    public static S3ProxyStore start(Path directory) {
        try {
            Path data = Files.createDirectories(directory.resolve("data")).toAbsolutePath();
            int port = new Ports(directory).port("s3");
            return start(new FilesystemNio2BlobStore(data.toString()), port, "folder");
        } catch (IOException e) {
            throw new ComponentException("s3proxy can't use " + directory + ": " + e.getMessage(), e);
        }
    }

    /** In this JVM's heap, gone with it. */
    public static S3ProxyStore inMemory() {
        return start(new TransientNio2BlobStore(), 0, "memory");
    }

    private static S3ProxyStore start(BlobStore blobs, int port, String kind) {
        try {
            S3Proxy proxy = serve(blobs, port);
            return new S3ProxyStore(proxy, blobs, URI.create("http://127.0.0.1:" + proxy.getPort()), kind);
        } catch (Exception e) {
            blobs.close();
            throw new ComponentException("s3proxy doesn't come up: " + e.getMessage(), e);
        }
    }

    private static S3Proxy serve(BlobStore blobs, int port) throws Exception {
        S3Proxy proxy = S3Proxy.builder()
                .blobStore(blobs)
                .endpoint(URI.create("http://127.0.0.1:" + port))
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, ACCESS_KEY, SECRET_KEY)
                .ignoreUnknownHeaders(true)
                .jettyMaxThreads(THREADS)
                .stopTimeout(2_000)
                .build();
        proxy.start();
        return proxy;
    }

    /** Answers nobody any more, until {@link #resume}; the objects stay. */
    public void pause() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new ComponentException("s3proxy doesn't stop: " + e.getMessage(), e);
        }
    }

    /** Answers again, at the same address. */
    public void resume() {
        try {
            proxy = serve(blobs, endpoint.getPort());
        } catch (Exception e) {
            throw new ComponentException("s3proxy doesn't come up again: " + e.getMessage(), e);
        }
    }

    @Override
    public URI endpoint() {
        return endpoint;
    }

    @Override
    public String accessKey() {
        return ACCESS_KEY;
    }

    @Override
    public String secretKey() {
        return SECRET_KEY;
    }

    @Override
    public String describe() {
        return "s3proxy v" + version() + " in this JVM (" + kind + ")";
    }

    private static String version() {
        try (InputStream in = S3Proxy.class.getResourceAsStream("/META-INF/maven/org.gaul/s3proxy/pom.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            throw new ComponentException("s3proxy's jar can't be read", e);
        }
    }

    @Override
    public void close() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new ComponentException("s3proxy doesn't stop: " + e.getMessage(), e);
        } finally {
            blobs.close();
        }
    }
}
