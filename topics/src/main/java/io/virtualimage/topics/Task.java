package io.virtualimage.topics;

import org.jspecify.annotations.Nullable;

/**
 * Work that the planner of a stage gives out: any replica may take it, do it and be killed at it, any number of times.
 * A task is idempotent by its {@link #id()} within its incarnation.
 */
public sealed interface Task extends Event.TaskEvent {
    Header header();

    TaskId id();

    /** The group of workers that takes it. */
    WorkGroup group();

    /** The same work, given out as this attempt. */
    Task asAttempt(int attempt);

    @Override
    default Incarnation image() {
        return header().image();
    }

    default int epoch() {
        return header().epoch();
    }

    /**
     * What every task says.
     *
     * @param epoch the source's epoch that it works on; 0 where that doesn't matter
     * @param cause where the image's request stands on {@code virtualimage.requests}: whether the incarnation is still
     *     wanted may be judged only by one who has read that far
     * @param attempt from 1; raised when an attempt was started and then fell silent, or broke on a defect
     */
    record Header(Incarnation image, int epoch, Position cause, int attempt) {
        public Header {
            if (epoch < 0 || attempt < 1) {
                throw new IllegalArgumentException("epoch " + epoch + ", attempt " + attempt);
            }
        }

        Header withAttempt(int newAttempt) {
            return new Header(image, epoch, cause, newAttempt);
        }
    }

    // ---- fetch

    /** Find out length, validator, range support and name of a source. Answer: {@link Event.SourceOpened}. */
    record ProbeSource(Header header, DataSource source, int segmentBytes) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("ProbeSource", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_TASKS;
        }

        @Override
        public ProbeSource asAttempt(int attempt) {
            return new ProbeSource(header.withAttempt(attempt), source, segmentBytes);
        }
    }

    /**
     * Stage one segment of a source. Answer: {@link Event.SegmentFetched}.
     *
     * @param entry where in a container image the file is; null for other sources
     */
    record FetchRange(
            Header header,
            DataSource source,
            Validator validator,
            SegmentLayout layout,
            int index,
            @Nullable LayerEntry entry)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("FetchRange", epoch(), index);
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_TASKS;
        }

        @Override
        public FetchRange asAttempt(int attempt) {
            return new FetchRange(header.withAttempt(attempt), source, validator, layout, index, entry);
        }
    }

    /**
     * Remove what is staged of every version up to the header's. Answer: {@link Event.StagingCleaned}.
     *
     * @param keepCurrent whether the header's own version stays
     */
    record CleanStaging(Header header, boolean keepCurrent) implements Task {
        @Override
        public TaskId id() {
            // Two pieces of work: the one must not pass for the other, when an image ends while the first is under way.
            return TaskId.of(keepCurrent ? "CleanOlderStaging" : "CleanStaging", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_TASKS;
        }

        @Override
        public CleanStaging asAttempt(int attempt) {
            return new CleanStaging(header.withAttempt(attempt), keepCurrent);
        }
    }

    /**
     * Stage a source from its first byte to its last, in one go. Not repeatable: whoever gets it a second time says
     * {@link Event.StreamBroken}, and the next epoch begins. Answers: {@link Event.SegmentFetched}, many.
     *
     * @param lengthBytes what the source said when it was probed; a stream that says nothing is held to it
     * @param entry where in a container image the file is; null for other sources
     */
    record FetchStream(
            Header header,
            DataSource source,
            int segmentBytes,
            @Nullable Long lengthBytes,
            @Nullable LayerEntry entry) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("FetchStream", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_STREAMS;
        }

        @Override
        public FetchStream asAttempt(int attempt) {
            return new FetchStream(header.withAttempt(attempt), source, segmentBytes, lengthBytes, entry);
        }
    }

    /**
     * Read a volume that a claim holds, by a Job that mounts it and sends what it reads to a fetcher. Done any number of
     * times: it sees to it that there is such a Job. Answers: {@link Event.SourceOpened} and
     * {@link Event.SegmentFetched}, many, when the Job has sent something.
     */
    record ReadVolume(Header header, DataSource.Volume source, int segmentBytes) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("ReadVolume", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_TASKS;
        }

        @Override
        public ReadVolume asAttempt(int attempt) {
            return new ReadVolume(header.withAttempt(attempt), source, segmentBytes);
        }
    }

    /**
     * Compute the checksums over what is staged, beside the transfer. Answer: {@link Event.SourceVerified}.
     *
     * @param follow where on {@code virtualimage.fetched} the rest will be announced
     * @param source where the bytes around the file are; null unless {@code entry} is given
     * @param entry where in a layer the file is, if the layer was not read as a whole: then the layer's digest is
     *     verified too, for which what is around the file is read now; null if there is nothing of the kind
     */
    record VerifySource(
            Header header,
            StagedSource staged,
            Position follow,
            Checksums expected,
            @Nullable DataSource source,
            @Nullable LayerEntry entry)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("VerifySource", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.FETCH_STREAMS;
        }

        @Override
        public VerifySource asAttempt(int attempt) {
            return new VerifySource(header.withAttempt(attempt), staged, follow, expected, source, entry);
        }
    }

    // ---- convert

    /**
     * Say what the image is, from its beginning and its end. Answer: {@link Event.DiskInspected} or
     * {@link Event.SourceCompressed}.
     *
     * @param fileName what the source calls the file
     * @param plain what the source was unpacked to, which is then looked at; null if it isn't compressed, as far as known
     * @param storage what the output is for; null stands for {@link Storage#CONTAINER_REGISTRY}
     */
    record InspectDisk(
            Header header,
            StagedSource staged,
            String fileName,
            @Nullable StagedSource plain,
            @Nullable Storage storage)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of(plain == null ? "InspectDisk" : "InspectPlainDisk", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.CONVERT_TASKS;
        }

        @Override
        public InspectDisk asAttempt(int attempt) {
            return new InspectDisk(header.withAttempt(attempt), staged, fileName, plain, storage);
        }
    }

    /**
     * Unpack a compressed source, from its first byte to its last, beside the transfer. What was unpacked before is the
     * same again, so it isn't staged twice. Answers: {@link Event.SegmentConverted}, many, and
     * {@link Event.SourceUnpacked}.
     *
     * @param follow where on {@code virtualimage.fetched} the rest of the source will be announced
     * @param plain what is unpacked already
     */
    record UnpackSource(
            Header header, StagedSource staged, Position follow, Compression compression, StagedSource plain)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("UnpackSource", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.CONVERT_STREAMS;
        }

        @Override
        public UnpackSource asAttempt(int attempt) {
            return new UnpackSource(header.withAttempt(attempt), staged, follow, compression, plain);
        }
    }

    /**
     * Go through the whole map of the disk: that checks it, and shows how the output is put together. Answers:
     * {@link Event.RecipeWritten} if by a recipe, else {@link Event.ConvertCompleted}.
     *
     * @param basis whether {@code staged} is the source or what it was unpacked to
     * @param staged all of it
     */
    record MapDisk(Header header, SegmentKind basis, StagedSource staged, DiskOutput output) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("MapDisk", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.CONVERT_TASKS;
        }

        @Override
        public MapDisk asAttempt(int attempt) {
            return new MapDisk(header.withAttempt(attempt), basis, staged, output);
        }
    }

    /**
     * Unpack the clusters or grains that make up one segment of the kind {@link SegmentKind#DISK}; which, the recipe
     * says. Answer: {@link Event.SegmentConverted}.
     *
     * @param basis whether {@code staged} is the source or what it was unpacked to
     * @param staged all of it
     */
    record ConvertSegment(Header header, SegmentKind basis, StagedSource staged, int index) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("ConvertSegment", epoch(), index);
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.CONVERT_TASKS;
        }

        @Override
        public ConvertSegment asAttempt(int attempt) {
            return new ConvertSegment(header.withAttempt(attempt), basis, staged, index);
        }
    }

    // ---- publish

    /**
     * Send the output to the registry as one layer. It begins before the fetch ends, goes on where another replica
     * left it, and parks ({@link Event.PushParked}) when nothing more is staged. Answer: {@link Event.LayerPushed}.
     *
     * @param follow where on {@code virtualimage.fetched} the rest will be announced
     * @param recipe what an output by a recipe is made of; null if the source passes through
     */
    record PushLayer(
            Header header,
            StagedSource staged,
            Position follow,
            DiskOutput output,
            @Nullable StagedOutput recipe) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("PushLayer", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.PUBLISH_STREAMS;
        }

        @Override
        public PushLayer asAttempt(int attempt) {
            return new PushLayer(header.withAttempt(attempt), staged, follow, output, recipe);
        }
    }

    /**
     * Make an image of an image that is in the registry already: its layer is given to the other repository too, and gets
     * a manifest of its own. Moves no bytes, unless the registry refuses to share a layer. Answer:
     * {@link Event.ImagePublished}.
     */
    record MountImage(Header header, DataSource.PublishedImage source) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("MountImage", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.PUBLISH_TASKS;
        }

        @Override
        public MountImage asAttempt(int attempt) {
            return new MountImage(header.withAttempt(attempt), source);
        }
    }

    /**
     * Put the disk onto a claim, by a Job that mounts it and asks a publisher for what to write. Done any number of times:
     * it sees to it that there are the claim and the Job. Answer: {@link Event.ImagePublished}, when the Job has written
     * and verified all of it.
     *
     * @param staged all of the source
     * @param recipe what an output by a recipe is made of; null if the source passes through
     * @param storageClass null for the cluster's default
     * @param storedBytes length of the source file
     * @param unpackedBytes the size that a guest sees
     */
    record FillVolume(
            Header header,
            StagedSource staged,
            @Nullable StagedOutput recipe,
            @Nullable String storageClass,
            ImageFormat format,
            boolean cdrom,
            long storedBytes,
            long unpackedBytes)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("FillVolume", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.PUBLISH_TASKS;
        }

        @Override
        public FillVolume asAttempt(int attempt) {
            return new FillVolume(
                    header.withAttempt(attempt),
                    staged,
                    recipe,
                    storageClass,
                    format,
                    cdrom,
                    storedBytes,
                    unpackedBytes);
        }
    }

    /** Make a pushed layer visible under the incarnation's own tag. Answer: {@link Event.ImagePublished}. */
    record PublishManifest(
            Header header,
            String layer,
            long layerBytes,
            ImageFormat format,
            boolean cdrom,
            long storedBytes,
            long unpackedBytes)
            implements Task {
        @Override
        public TaskId id() {
            return TaskId.of("PublishManifest", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.PUBLISH_TASKS;
        }

        @Override
        public PublishManifest asAttempt(int attempt) {
            return new PublishManifest(
                    header.withAttempt(attempt), layer, layerBytes, format, cdrom, storedBytes, unpackedBytes);
        }
    }

    /**
     * Take back what was published of an image: all versions up to the header's, or all but the header's own.
     * Answer: {@link Event.ImageRemoved}.
     *
     * @param keepCurrent whether the header's own version stays
     */
    record RemoveImage(Header header, boolean keepCurrent) implements Task {
        @Override
        public TaskId id() {
            return TaskId.of(keepCurrent ? "RemoveOlderImages" : "RemoveImage", epoch());
        }

        @Override
        public WorkGroup group() {
            return WorkGroup.PUBLISH_TASKS;
        }

        @Override
        public RemoveImage asAttempt(int attempt) {
            return new RemoveImage(header.withAttempt(attempt), keepCurrent);
        }
    }
}
