package io.virtualimage.sandbox.components;

import java.net.URI;

/** An object store that speaks S3 (path style, signature version 4) on the loopback interface, without any bucket yet. */
public sealed interface ObjectStore extends RunningComponent permits S3ProxyStore, MinioServer {

    URI endpoint();

    String accessKey();

    String secretKey();

    /** Any region will do for both stores; this is the one to sign with. */
    default String region() {
        return "us-east-1";
    }
}
