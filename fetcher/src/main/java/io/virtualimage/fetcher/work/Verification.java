package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.SourceFollower;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.SourceVerified;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Computes checksums over the source's bytes, in order, from what is staged; what isn't yet, it waits for. Of a file that
 * was fetched in pieces out of a container image's layer, the layer's digest too. May be done any number of times: it
 * only reads.
 */
final class Verification {
    /** Hashing is fast. */
    private static final SourceFollower.Patience PATIENCE =
            new SourceFollower.Patience(256L << 20, Duration.ofSeconds(30));

    private final SourceResolver resolver;
    private final Source source;
    private final StagingStore staging;
    private final SegmentFeed.Feeds feeds;

    Verification(SourceResolver resolver, Source source, StagingStore staging, SegmentFeed.Feeds feeds) {
        this.resolver = resolver;
        this.source = source;
        this.staging = staging;
        this.feeds = feeds;
    }

    void run(Task.VerifySource task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        try {
            verify(task, layerCheck(task, context), context);
        } catch (SourceException.Changed e) {
            context.announce(new StreamBroken(
                    task.image(), task.epoch(), StreamBroken.Cause.SOURCE_CHANGED, e.words(), context.worker()));
        } catch (SourceException e) {
            throw SourceTrouble.of(e);
        }
    }

    private @Nullable LayerCheck layerCheck(Task.VerifySource task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, InterruptedException {
        DataSource image = task.source();
        LayerEntry entry = task.entry();
        return image == null || entry == null
                ? null
                : new LayerCheck(source, resolver.resolve(task.image(), image), entry, context);
    }

    private void verify(Task.VerifySource task, @Nullable LayerCheck layer, TaskContext context)
            throws SourceException, TaskDeferredException, ImageFailedException, TaskAbandonedException,
                    SegmentLostException, StagingUnavailableException, AnnouncementException, InterruptedException {
        Map<ChecksumAlgorithm, MessageDigest> digests = digests(task.expected());
        List<MessageDigest> all = new ArrayList<>(digests.values());
        if (layer != null) {
            layer.begin();
            all.add(layer.hash());
        }
        byte[] zeros = new byte[0];
        long done = 0;
        try (SourceFollower follower = new SourceFollower(
                task.image(), task.staged(), task.follow(), feeds, context, SourceFacts::verified, PATIENCE)) {
            for (int index = 0; follower.await(index, done); index++) {
                context.checkpoint();
                StagedSource staged = follower.staged();
                int length = lengthOf(staged, index);
                byte[] bytes;
                if (staged.zeros().contains(index)) {
                    zeros = zeros.length == length ? zeros : new byte[length];
                    bytes = zeros;
                } else {
                    bytes = staging.read(
                            SegmentKey.source(task.image(), task.epoch(), index), staged.sessionOf(index), length);
                }
                all.parallelStream().forEach(digest -> digest.update(bytes));
                done += length;
                context.progress(done);
            }
        }
        compare(task.expected(), digests);
        if (layer != null) {
            layer.end(done);
        }
        context.announce(new SourceVerified(task.image(), task.epoch(), task.expected()));
    }

    /** As long as nobody knows the length, no segment is the last. */
    private static int lengthOf(StagedSource staged, int index) {
        return staged.lengthBytes() == null
                ? staged.segmentBytes()
                : staged.layout().lengthOf(index);
    }

    private static Map<ChecksumAlgorithm, MessageDigest> digests(Checksums expected) {
        Map<ChecksumAlgorithm, MessageDigest> digests = new EnumMap<>(ChecksumAlgorithm.class);
        expected.byAlgorithm().keySet().forEach(algorithm -> digests.put(algorithm, digest(algorithm)));
        return digests;
    }

    private static MessageDigest digest(ChecksumAlgorithm algorithm) {
        return switch (algorithm) {
            case MD5 -> java("MD5");
            case SHA1 -> java("SHA-1");
            case SHA256 -> java("SHA-256");
            case SHA512 -> java("SHA-512");
            case STREEBOG256 -> Streebog.of256Bits();
            case STREEBOG512 -> Streebog.of512Bits();
        };
    }

    private static MessageDigest java(String name) {
        try {
            return MessageDigest.getInstance(name);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no " + name, e);
        }
    }

    private static void compare(Checksums expected, Map<ChecksumAlgorithm, MessageDigest> digests)
            throws ImageFailedException {
        StringJoiner mismatches = new StringJoiner("; ");
        digests.forEach((algorithm, digest) -> {
            String wanted = String.valueOf(expected.byAlgorithm().get(algorithm));
            String found = HexFormat.of().formatHex(digest.digest());
            if (!wanted.equals(found)) {
                mismatches.add("expected %s %s, found %s".formatted(algorithm.wireName(), wanted, found));
            }
        });
        if (mismatches.length() > 0) {
            throw new ImageFailedException(
                    FailureReason.CHECKSUM_MISMATCH, "the source's checksum is wrong: " + mismatches, null);
        }
    }
}
