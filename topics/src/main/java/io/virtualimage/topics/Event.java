package io.virtualimage.topics;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is ever put on a topic about an image. The simple name of each record is the last word of its
 * CloudEvents type. Events are facts, told once or many times, in any order between topics; {@link Task}s are work.
 */
public sealed interface Event {
    /** The version of the image that this is about. */
    Incarnation image();

    /** What is wanted now; the last one of an image counts. On {@code virtualimage.requests}. */
    sealed interface Request extends Event {
        /** Who uses the image; null if nobody does. */
        @Nullable
        ImageUse use();
    }

    /** What became of the source. On {@code virtualimage.fetched}. */
    sealed interface Fetched extends Event {
        int epoch();
    }

    /** What became of the staged bytes. On {@code virtualimage.converted}. */
    sealed interface Converted extends Event {
        int epoch();
    }

    /** What is visible to others now. On {@code virtualimage.published}. */
    sealed interface Published extends Event {}

    /** What goes on meanwhile. On {@code virtualimage.progress}. */
    sealed interface Progress extends Event {}

    /** Work for one of the groups of workers. */
    sealed interface TaskEvent extends Event permits Task {}

    // ---- requests

    /**
     * The image is wanted like this.
     *
     * @param retry the value of the annotation {@code virtualimage.io/retry} that this run answers; null if none
     * @param sourceUid the UID of the object that the source refers to; null if it refers to none
     * @param storageClass the class that an image on a claim asks for; null for the cluster's default
     * @param use who uses it; null if nobody does
     * @param check the value of the annotation {@code virtualimage.io/check}: with each new one, whether what was published
     *     is still there is looked up at once; null if none
     */
    record ImageRequested(
            Incarnation image,
            DataSource source,
            Storage storage,
            @Nullable String retry,
            @Nullable String sourceUid,
            @Nullable String storageClass,
            @Nullable ImageUse use,
            @Nullable String check)
            implements Request {
        /** Of an image that nobody uses, and nobody asks to be checked. */
        public ImageRequested(
                Incarnation image,
                DataSource source,
                Storage storage,
                @Nullable String retry,
                @Nullable String sourceUid,
                @Nullable String storageClass) {
            this(image, source, storage, retry, sourceUid, storageClass, null, null);
        }

        /** The same, used and checked like this. */
        public ImageRequested with(@Nullable ImageUse nowUsed, @Nullable String nowChecked) {
            return new ImageRequested(image, source, storage, retry, sourceUid, storageClass, nowUsed, nowChecked);
        }
    }

    /**
     * The image is wanted, but something that it depends on isn't there.
     *
     * @param condition the type of the condition that says so
     * @param reason the condition's reason
     * @param message the condition's message, naming the object
     * @param use who uses it; null if nobody does
     */
    record ImageBlocked(
            Incarnation image,
            String condition,
            String reason,
            String message,
            @Nullable String retry,
            @Nullable ImageUse use)
            implements Request {
        /** Of an image that nobody uses. */
        public ImageBlocked(
                Incarnation image, String condition, String reason, String message, @Nullable String retry) {
            this(image, condition, reason, message, retry, null);
        }

        /** The same, used like this. */
        public ImageBlocked with(@Nullable ImageUse nowUsed) {
            return new ImageBlocked(image, condition, reason, message, retry, nowUsed);
        }
    }

    /** The image, in every version up to this one, is not wanted any more: it was deleted, and nobody uses it. */
    record ImageWithdrawn(Incarnation image) implements Request {
        @Override
        public @Nullable ImageUse use() {
            return null;
        }
    }

    // ---- fetched

    /**
     * The source answered.
     *
     * @param lengthBytes null if the source doesn't say
     * @param validator null if the source gave none
     * @param ranges whether pieces may be fetched and put together: ranges are served and the validator is strong
     * @param fileName the last word on how the file is called; never empty
     * @param entry where in a container image the file is; null for other sources
     */
    record SourceOpened(
            Incarnation image,
            int epoch,
            @Nullable Long lengthBytes,
            int segmentBytes,
            @Nullable Validator validator,
            boolean ranges,
            String fileName,
            @Nullable LayerEntry entry)
            implements Fetched {
        public SourceOpened {
            if (ranges && (lengthBytes == null || validator == null || !validator.strong())) {
                throw new IllegalArgumentException("ranges need a length and a strong validator");
            }
        }
    }

    /**
     * A segment of the source is staged (or is all zeros, and needs no object).
     *
     * @param session the stream that wrote it; null if it was read as a range
     * @param crc32c CRC-32C (RFC 3720) of the segment's bytes, as an unsigned number
     * @param zeroBlocks the 64 KiB blocks of the segment that hold nothing but zeros
     * @param allZero whether all of it does
     * @param sourceLengthBytes the source's length, where it is known by now; the last segment of a stream tells it
     * @param worker the replica that did it
     */
    record SegmentFetched(
            Incarnation image,
            int epoch,
            @Nullable String session,
            int index,
            int lengthBytes,
            long crc32c,
            SegmentSet zeroBlocks,
            boolean allZero,
            @Nullable Long sourceLengthBytes,
            String worker)
            implements Fetched {}

    /** Bytes of this epoch can't be completed: a stream broke, or the source became a different one. */
    record StreamBroken(Incarnation image, int epoch, Cause cause, String message, String worker) implements Fetched {
        public enum Cause {
            /** The validator or the length is not what it was. */
            SOURCE_CHANGED,
            /** The source ended a stream early. */
            SOURCE_BROKE,
            /** The worker of a stream went away, and its work was given to somebody else. */
            INTERRUPTED
        }
    }

    /**
     * Somebody uploads. Said when it begins, and again and again as a sign of life; the first one who says it owns the
     * upload until it dies or says {@link UploadInterrupted}. An upload from byte 0 after one that broke off has the next
     * epoch; one that goes on with what is staged has the same.
     *
     * @param session names it: 16 hexadecimal digits
     * @param fromIndex the first segment that it will write: the first one that isn't staged
     * @param lengthBytes length of the whole; null as long as the client doesn't say
     * @param fileName how the file is called; never empty
     * @param worker the replica that receives it
     */
    record UploadOpened(
            Incarnation image,
            int epoch,
            String session,
            int fromIndex,
            int segmentBytes,
            @Nullable Long lengthBytes,
            String fileName,
            String worker)
            implements Fetched {
        public UploadOpened {
            if (fromIndex < 0 || segmentBytes < 1 || (lengthBytes != null && lengthBytes < 1)) {
                throw new IllegalArgumentException(
                        "an upload of %s bytes from segment %d on".formatted(lengthBytes, fromIndex));
            }
        }
    }

    /** An upload broke off. What it staged stays, and another session may go on. */
    record UploadInterrupted(Incarnation image, int epoch, String session, String message, String worker)
            implements Fetched {}

    /**
     * Nobody uploads in time: what comes later is refused. Without effect if somebody had begun before it was said.
     *
     * @param session the last one there was; null if there was none
     */
    record UploadExpired(
            Incarnation image, int epoch, @Nullable String session) implements Fetched {}

    /** The source's bytes have the checksums that were asked for. */
    record SourceVerified(Incarnation image, int epoch, Checksums checksums) implements Fetched {}

    /** All segments of the source are staged, and verified if that was asked for. */
    record FetchCompleted(Incarnation image, int epoch, long lengthBytes) implements Fetched {}

    // ---- converted

    /**
     * What the image is, and what of it will be stored.
     *
     * @param virtualSizeBytes the size that a guest sees
     * @param cdrom whether it is an optical disc's image
     */
    record DiskInspected(
            Incarnation image, int epoch, ImageFormat format, long virtualSizeBytes, boolean cdrom, DiskOutput output)
            implements Converted {}

    /** The source is compressed as a whole: it has to be unpacked before anything can be said of it. */
    record SourceCompressed(Incarnation image, int epoch, Compression compression) implements Converted {}

    /**
     * A segment of what the converter makes is staged (or is all zeros, and needs no object).
     *
     * @param kind {@link SegmentKind#PLAIN} or {@link SegmentKind#DISK}
     * @param crc32c CRC-32C (RFC 3720) of the segment's bytes, as an unsigned number
     * @param zeroBlocks the 64 KiB blocks of the segment that hold nothing but zeros
     * @param allZero whether all of it does
     * @param worker the replica that did it
     */
    record SegmentConverted(
            Incarnation image,
            int epoch,
            SegmentKind kind,
            int index,
            int lengthBytes,
            long crc32c,
            SegmentSet zeroBlocks,
            boolean allZero,
            String worker)
            implements Converted {
        public SegmentConverted {
            if (kind != SegmentKind.PLAIN && kind != SegmentKind.DISK) {
                throw new IllegalArgumentException("the converter makes no segments of the kind " + kind.wireName());
            }
        }
    }

    /**
     * All of the source is unpacked.
     *
     * @param lengthBytes length of what it was unpacked to
     */
    record SourceUnpacked(Incarnation image, int epoch, long lengthBytes) implements Converted {}

    /**
     * How the output is put together stands in staging.
     *
     * @param lengthBytes length of the output
     * @param unpacked how many segments of unpacked clusters it needs; {@link SegmentConverted} tells when one is there
     */
    record RecipeWritten(Incarnation image, int epoch, long lengthBytes, int unpacked) implements Converted {}

    /** Everything that the output is made of is staged, as soon as the source is. */
    record ConvertCompleted(Incarnation image, int epoch) implements Converted {}

    // ---- published

    /**
     * The image can be used by others, in the registry or on a claim.
     *
     * @param registryUrl {@code registry/repository:tag}; null if it is on a claim
     * @param manifest digest of the manifest; null if it is on a claim
     * @param layer digest of the layer; null if it is on a claim
     * @param layerBytes length of the layer; of what is on the claim
     * @param storedBytes length of the source file
     * @param unpackedBytes the size that a guest sees
     * @param claim name of the claim, in the image's namespace; null if it is in the registry
     */
    record ImagePublished(
            Incarnation image,
            int epoch,
            @Nullable String registryUrl,
            @Nullable String manifest,
            @Nullable String layer,
            long layerBytes,
            ImageFormat format,
            boolean cdrom,
            long storedBytes,
            long unpackedBytes,
            @Nullable String claim)
            implements Published {
        public ImagePublished {
            if ((registryUrl == null) == (claim == null)
                    || (registryUrl == null) != (manifest == null)
                    || (registryUrl == null) != (layer == null)) {
                throw new IllegalArgumentException("an image is in the registry or on a claim: %s, %s, %s, %s"
                        .formatted(registryUrl, manifest, layer, claim));
            }
        }
    }

    /**
     * What was published is not there any more, and nobody asked for that. {@link ImagePublished} once more means that it
     * is back.
     *
     * @param published what there was
     * @param message what is missing, for people
     */
    record ImageLost(Incarnation image, ImagePublished published, String message) implements Published {
        public ImageLost {
            if (!published.image().equals(image)) {
                throw new IllegalArgumentException("what %s had published can't be lost of %s"
                        .formatted(published.image().version(), image.version()));
            }
        }
    }

    /**
     * What was published of an image is gone, as it should be: in every version up to this one, or in all but the one kept.
     *
     * @param kept the version that stays; null if none does
     * @param left what could not be removed, and why, for people; null if all was
     */
    record ImageRemoved(
            Incarnation image,
            @Nullable Incarnation kept,
            @Nullable String left) implements Published {
        /** All is gone that was to go. */
        public ImageRemoved(Incarnation image, @Nullable Incarnation kept) {
            this(image, kept, null);
        }
    }

    // ---- progress

    /**
     * A worker is at it.
     *
     * @param doneBytes how far it has come, in bytes of its own work
     */
    record TaskHeartbeat(Incarnation image, TaskId task, int attempt, String worker, long doneBytes)
            implements Progress {}

    /** A worker gave a task back; it is worth another try, not before the time given. */
    record TaskDeferred(
            Incarnation image,
            TaskId task,
            int attempt,
            Deferral deferral,
            FailureReason reason,
            String message,
            Instant notBefore,
            String worker)
            implements Progress {
        /** On whose account the task was given back. */
        public enum Deferral {
            /** The source's: it counts against the retry budget. */
            SOURCE,
            /** A part of our own is away: it never fails an image. */
            OUTAGE,
            /** Nothing to work on yet. */
            STARVED,
            /** A defect: it counts as an attempt. */
            FAULT
        }
    }

    /**
     * A staged segment is not there, or not what it was announced as.
     *
     * @param kind null stands for {@link SegmentKind#SOURCE}
     */
    record SegmentMissing(
            Incarnation image,
            int epoch,
            @Nullable String session,
            int index,
            @Nullable SegmentKind kind) implements Progress {}

    /**
     * A push has used up what was staged and makes room for others.
     *
     * @param nextIndex the segment that it waits for
     */
    record PushParked(Incarnation image, int epoch, TaskId task, int attempt, int nextIndex) implements Progress {}

    /** How far a stage is with its output, in bytes. */
    record StageProgressed(Incarnation image, int epoch, Stage stage, long doneBytes, long totalBytes)
            implements Progress {}

    /** The layer is in the registry, as a blob that nothing names yet. */
    record LayerPushed(Incarnation image, int epoch, String layer, long layerBytes) implements Progress {}

    /**
     * Nothing is staged any more of any version up to this one, or of all but the one kept.
     *
     * @param kept the version that stays; null if none does
     */
    record StagingCleaned(Incarnation image, @Nullable Incarnation kept) implements Progress {}

    /** The image can't be had as its spec stands. */
    record StageFailed(Incarnation image, Stage stage, FailureReason reason, String message) implements Progress {}

    // ---- status

    /** The image's status as it should stand in Kubernetes. On {@code virtualimage.status}. */
    record StatusChanged(Incarnation image, ImageStatus status) implements Event {}
}
