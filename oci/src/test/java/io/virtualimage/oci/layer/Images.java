package io.virtualimage.oci.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Makes images in a registry in memory, and unpacks them with what the JDK has. */
final class Images {

    static final Repository REPOSITORY = new Repository("disks/ubuntu");
    static final LayerDecompressor GZIP = (packed, compression) -> switch (compression) {
        case GZIP -> new GZIPInputStream(packed);
        case ZSTD, NONE -> throw new IOException("nobody unpacks " + compression + " here");
    };

    private Images() {}

    /** Stores an image of these layers, lowest first, under a tag. */
    static Digest push(InMemoryRegistry registry, Tag tag, Tar... layers) throws RegistryException {
        List<Descriptor> descriptors = new ArrayList<>();
        for (Tar each : layers) {
            descriptors.add(layer(registry, MediaTypes.OCI_LAYER, each.bytes()));
        }
        return push(registry, tag, descriptors);
    }

    static Digest push(InMemoryRegistry registry, Tag tag, List<Descriptor> layers) throws RegistryException {
        return registry.putManifest(REPOSITORY, tag, manifest(registry, layers), MediaTypes.OCI_MANIFEST);
    }

    static byte[] manifest(InMemoryRegistry registry, List<Descriptor> layers) throws RegistryException {
        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of()).toJson();
        registry.pushBlob(REPOSITORY, config);
        return new ImageManifest(Descriptor.of(MediaTypes.OCI_CONFIG, config), layers, Map.of()).toJson();
    }

    static Descriptor layer(InMemoryRegistry registry, String mediaType, byte[] blob) throws RegistryException {
        registry.pushBlob(REPOSITORY, blob);
        return Descriptor.of(mediaType, blob);
    }

    /** Two members, as parallel compressors write them. */
    static byte[] gzip(byte[] content) {
        int half = content.length / 2;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            for (int part = 0; part < 2; part++) {
                GZIPOutputStream gzip = new GZIPOutputStream(out);
                gzip.write(content, part * half, part == 0 ? half : content.length - half);
                gzip.finish();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** The bytes that a found file says it has. */
    static String content(InMemoryRegistry registry, LayerFile file) throws IOException {
        BlobStream blob = BlobStream.of(registry, REPOSITORY, file.layer(), file.layerBytes());
        try (InputStream layer =
                file.compression() == Compression.NONE ? blob : GZIP.unpack(blob, file.compression())) {
            layer.skipNBytes(file.offsetBytes());
            return new String(layer.readNBytes((int) file.lengthBytes()), UTF_8);
        }
    }
}
