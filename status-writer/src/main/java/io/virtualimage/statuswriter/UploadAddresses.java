package io.virtualimage.statuswriter;

import io.virtualimage.k8s.VirtualImageStatus.UploadUrls;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.topics.Incarnation;
import org.jspecify.annotations.Nullable;

/**
 * Where the files of uploads are sent to. The only place where a token is shown.
 *
 * @param external scheme and host, as in {@code https://virtualization.example.com}, for clients outside of the cluster;
 *     null if there is no way in
 * @param inCluster the same for clients within it
 */
record UploadAddresses(AccessTokens tokens, @Nullable String external, String inCluster) {
    UploadUrls of(Incarnation image) {
        String path = "/upload/" + tokens.token(Door.UPLOAD, image);
        return new UploadUrls(external == null ? null : external + path, inCluster + path);
    }
}
