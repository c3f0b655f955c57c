package io.virtualimage.fetcher.source;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.layer.BlobStream;
import io.virtualimage.oci.layer.DiskFileFinder;
import io.virtualimage.oci.layer.LayerDecompressor;
import io.virtualimage.oci.layer.LayerFile;
import io.virtualimage.oci.layer.ReadWatch;
import io.virtualimage.oci.layer.ScanLimits;
import io.virtualimage.oci.layer.UnusableImageException;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Validator;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import okhttp3.Dns;
import org.jspecify.annotations.Nullable;

/**
 * Disks in container images: the probe finds the file, and which layer it is in. From there on nothing goes by the
 * image's tag any more, which may move: pieces and streams are of the layer's blob, which is named by its digest. So
 * pieces are never of two images; but only who has read all of a layer knows that the registry gave what that digest
 * stands for. A stream does so by itself; of pieces it is to be verified.
 *
 * <p>A blob that is gone is a {@link SourceException.Changed}: the image may have another one by now.
 */
public final class RegistrySource implements Source, AutoCloseable {
    /** Who speaks to registries. */
    interface Connections extends AutoCloseable {
        /** The registry of an image, with its credentials. */
        OciRegistry to(ResolvedSource.ContainerImage image) throws SourceException;

        @Override
        void close();
    }

    private final Connections connections;
    private final Platform platform;
    private final Clock clock;
    private final Duration searchDeadline;
    private final ReadWatch watch;
    private final LayerDecompressor unpacker = new LayerUnpacker();
    private final DiskFileFinder finder = new DiskFileFinder(unpacker, ScanLimits.DEFAULTS);

    /**
     * A source for all registries.
     *
     * @param dns looks up the hosts of registries and of those that they send to, as in {@link HttpSource}
     * @param platform what to choose from an index
     * @param searchDeadline how long the file in an image may be searched for
     */
    public RegistrySource(
            Dns dns, EnvironmentProxies proxies, Clock clock, Platform platform, Duration searchDeadline) {
        this(new RegistryConnections(dns, proxies, clock), platform, clock, searchDeadline, ReadWatch.NONE);
    }

    RegistrySource(Connections connections, Platform platform, Clock clock, Duration searchDeadline, ReadWatch watch) {
        this.connections = connections;
        this.platform = platform;
        this.clock = clock;
        this.searchDeadline = searchDeadline;
        this.watch = watch;
    }

    /** Shares the connections of this one, and need not be closed. */
    @Override
    public Source watchedBy(ReadWatch other) {
        return new RegistrySource(connections, platform, clock, searchDeadline, other);
    }

    @Override
    public SourceProbe probe(ResolvedSource source)
            throws SourceException, ReadingStoppedException, InterruptedException {
        ResolvedSource.ContainerImage image = image(source);
        OciRegistry registry = connections.to(image);
        Repository repository = image.reference().repository();
        SearchDeadline deadline = new SearchDeadline(watch, clock, searchDeadline);
        try {
            LayerFile file = finder.find(registry, repository, image.reference().manifest(), platform, deadline);
            return new SourceProbe(
                    file.lengthBytes(),
                    new Validator(Validator.Kind.DIGEST, file.layer().toString()),
                    servesPieces(registry, repository, file),
                    FileName.of(null, List.of(file.name())),
                    new LayerEntry(file.layer().toString(), file.layerBytes(), compression(file), file.offsetBytes()));
        } catch (ReadingStoppedException e) {
            if (deadline.passed()) {
                throw new SourceException.Unusable(
                        FailureReason.OVER_LIMIT, image.publicName() + ": " + deadline.words(), e);
            }
            throw e;
        } catch (RegistryException e) {
            throw failure(image, e);
        } catch (UnusableImageException e) {
            throw RegistryTrouble.of(image, e);
        }
    }

    private static boolean servesPieces(OciRegistry registry, Repository repository, LayerFile file)
            throws RegistryException {
        if (compression(file) != null || file.lengthBytes() == 0) {
            return false;
        }
        try (InputStream piece = registry.openBlob(repository, file.layer(), file.offsetBytes(), 1)) {
            return piece.read() >= 0;
        } catch (RegistryException e) {
            if (e.reason() == Reason.RANGES_UNSUPPORTED) {
                return false;
            }
            throw e;
        } catch (IOException e) {
            throw RegistryException.of(Reason.UNAVAILABLE, "read a byte of " + file.layer(), "the connection broke", e);
        }
    }

    private static @Nullable Compression compression(LayerFile file) {
        return switch (file.compression()) {
            case NONE -> null;
            case GZIP -> Compression.GZIP;
            case ZSTD -> Compression.ZSTD;
        };
    }

    @Override
    public InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
            throws SourceException, InterruptedException {
        ResolvedSource.ContainerImage image = image(source);
        ResolvedSource.LayerPiece file = file(image);
        LayerEntry entry = file.entry();
        if (entry.compression() != null || offset + lengthBytes > file.lengthBytes()) {
            throw new IllegalArgumentException("no piece of %s: %d bytes from %d".formatted(file, lengthBytes, offset));
        }
        if (!version.validator().value().equals(entry.layer())) {
            throw new SourceException.Changed("%s is in the layer %s, not in %s"
                    .formatted(
                            image.publicName(),
                            entry.layer(),
                            version.validator().value()));
        }
        try {
            InputStream piece = connections
                    .to(image)
                    .openBlob(
                            image.reference().repository(),
                            Digest.parse(entry.layer()),
                            entry.offsetBytes() + offset,
                            lengthBytes);
            return new LayerRangeStream(image, piece);
        } catch (RegistryException e) {
            throw changedOr(image, e);
        }
    }

    @Override
    public SourceStream openStream(ResolvedSource source) throws SourceException, InterruptedException {
        ResolvedSource.ContainerImage image = image(source);
        ResolvedSource.LayerPiece file = file(image);
        LayerEntry entry = file.entry();
        BlobStream blob = BlobStream.of(
                connections.to(image),
                image.reference().repository(),
                Digest.parse(entry.layer()),
                entry.layerBytes(),
                watch);
        return new SourceStream(
                new LayerFileStream(image, file, blob, archive(image, entry, blob)), file.lengthBytes());
    }

    private InputStream archive(ResolvedSource.ContainerImage image, LayerEntry entry, BlobStream blob)
            throws SourceException {
        try {
            return switch (entry.compression()) {
                case null -> blob;
                case GZIP -> unpacker.unpack(blob, io.virtualimage.oci.layer.Compression.GZIP);
                case ZSTD -> unpacker.unpack(blob, io.virtualimage.oci.layer.Compression.ZSTD);
                case XZ -> throw new IllegalArgumentException("no layer is packed with xz");
            };
        } catch (IOException e) {
            throw new IllegalStateException("nothing of " + image + " was read yet", e);
        }
    }

    private static SourceException changedOr(ResolvedSource.ContainerImage image, RegistryException e)
            throws InterruptedException {
        SourceException failure = failure(image, e);
        return e.reason() == Reason.NOT_FOUND || e.reason() == Reason.RANGES_UNSUPPORTED
                ? new SourceException.Changed(failure.words())
                : failure;
    }

    private static SourceException failure(ResolvedSource.ContainerImage image, RegistryException e)
            throws InterruptedException {
        if (Thread.interrupted()) {
            InterruptedException stopped = new InterruptedException("interrupted while asking a registry");
            stopped.initCause(e);
            throw stopped;
        }
        return RegistryTrouble.of(image, e);
    }

    private static ResolvedSource.ContainerImage image(ResolvedSource source) {
        return switch (source) {
            case ResolvedSource.ContainerImage image -> image;
            case ResolvedSource.Http http -> throw new IllegalArgumentException(http + " is no container image");
        };
    }

    private static ResolvedSource.LayerPiece file(ResolvedSource.ContainerImage image) {
        return Objects.requireNonNull(image.file(), "where in the image the file is");
    }

    @Override
    public void close() {
        connections.close();
    }
}
