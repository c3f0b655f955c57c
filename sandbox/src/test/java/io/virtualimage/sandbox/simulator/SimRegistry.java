package io.virtualimage.sandbox.simulator;

import io.virtualimage.oci.BlobMount;
import io.virtualimage.oci.ChunkBody;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.FetchedManifest;
import io.virtualimage.oci.ManifestReference;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.oci.UploadLocation;
import io.virtualimage.oci.UploadStatus;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;

/** The registry as one process sees it: connections break, before it did what was asked or after. */
final class SimRegistry implements OciRegistry {
    private final SimProcess process;
    private final OciRegistry registry;
    private final Faults faults;
    private final BiConsumer<Repository, Tag> onTag;

    /** @param onTag told of every tag that is put, at once */
    SimRegistry(SimProcess process, OciRegistry registry, Faults faults, BiConsumer<Repository, Tag> onTag) {
        this.process = process;
        this.registry = registry;
        this.faults = faults;
        this.onTag = onTag;
    }

    private interface Call<T> {
        T run() throws RegistryException;
    }

    private <T> T call(String what, Object detail, Call<T> call) throws RegistryException {
        process.effect(what, detail);
        if (!faults.strike(0.01)) {
            return call.run();
        }
        if (faults.coin()) {
            call.run();
        }
        throw broken(what);
    }

    private static RegistryException broken(String what) {
        return RegistryException.of(RegistryException.Reason.UNAVAILABLE, what, "simulated: no answer", null);
    }

    @Override
    public void checkApi() {}

    @Override
    public OptionalLong headBlob(Repository repository, Digest digest) throws RegistryException {
        return call("looks for blob", digest, () -> registry.headBlob(repository, digest));
    }

    @Override
    public InputStream openBlob(Repository repository, Digest digest, long offsetBytes, long lengthBytes)
            throws RegistryException {
        return call("opens blob", digest, () -> registry.openBlob(repository, digest, offsetBytes, lengthBytes));
    }

    @Override
    public UploadLocation startUpload(Repository repository) throws RegistryException {
        return call("starts upload to", repository, () -> registry.startUpload(repository));
    }

    @Override
    public UploadLocation uploadChunk(UploadLocation location, long offsetBytes, long lengthBytes, ChunkBody body)
            throws IOException {
        process.effect("uploads " + lengthBytes + " bytes from " + offsetBytes, location.uri());
        boolean breaks = faults.strike(0.01);
        UploadLocation next;
        try {
            next = registry.uploadChunk(location, offsetBytes, lengthBytes, out -> {
                if (breaks && faults.coin()) {
                    throw broken("upload a chunk"); // nothing arrived
                }
                body.writeTo(out);
            });
        } catch (IllegalStateException e) {
            throw broken("upload a chunk"); // somebody else wrote to it at the same time, and both are mixed up now
        }
        if (breaks) {
            throw broken("upload a chunk");
        }
        return next;
    }

    @Override
    public Optional<UploadStatus> uploadStatus(UploadLocation location) throws RegistryException {
        return call("asks for upload", location.uri(), () -> registry.uploadStatus(location));
    }

    @Override
    public void completeUpload(UploadLocation location, Digest digest) throws RegistryException {
        call("completes upload", location.uri(), () -> {
            registry.completeUpload(location, digest);
            return true;
        });
    }

    @Override
    public void cancelUpload(UploadLocation location) throws RegistryException {
        call("cancels upload", location.uri(), () -> {
            registry.cancelUpload(location);
            return true;
        });
    }

    @Override
    public BlobMount mountBlob(Repository repository, Digest digest, Repository from) throws RegistryException {
        return call("mounts", digest, () -> registry.mountBlob(repository, digest, from));
    }

    @Override
    public Digest putManifest(Repository repository, ManifestReference reference, byte[] manifest, String mediaType)
            throws RegistryException {
        return call("puts manifest", repository + ":" + reference, () -> {
            Digest digest = registry.putManifest(repository, reference, manifest, mediaType);
            if (reference instanceof Tag tag) {
                onTag.accept(repository, tag);
            }
            return digest;
        });
    }

    @Override
    public FetchedManifest getManifest(Repository repository, ManifestReference reference) throws RegistryException {
        return call("gets manifest", reference, () -> registry.getManifest(repository, reference));
    }

    @Override
    public Optional<Descriptor> headManifest(Repository repository, ManifestReference reference)
            throws RegistryException {
        return call("looks for manifest", reference, () -> registry.headManifest(repository, reference));
    }

    @Override
    public void deleteManifest(Repository repository, Digest digest) throws RegistryException {
        call("deletes manifest", digest, () -> {
            registry.deleteManifest(repository, digest);
            return true;
        });
    }

    @Override
    public List<Tag> listTags(Repository repository) throws RegistryException {
        return call("lists tags", repository, () -> registry.listTags(repository));
    }
}
