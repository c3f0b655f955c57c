package io.virtualimage.topics;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * What the files in {@code golden/v1} hold: by the file's name without its extension, which is a type, and a dash and a
 * word if it isn't the only one of it. Files stay as they are for ever; what is added to the contract gets new ones.
 */
final class GoldenSamples {
    static final Instant TIME = Instant.parse("2026-11-23T09:00:00.123Z");

    private static final int SEGMENT = 16 << 20;
    private static final long LENGTH = 2_361_393_152L;
    private static final String LAYER = "sha256:" + "1c".repeat(32);
    private static final String WORKER = "fetcher-7c9d";
    private static final Incarnation FIRST =
            new Incarnation("default", "ubuntu-22-04", "0b9d2f6e-5f3a-4d8e-9a51-6f2f5c1f7a10", 1, 0);
    private static final Incarnation LATER = new Incarnation("default", "ubuntu-22-04", FIRST.uid(), 4, 1);
    private static final Checksums SHA256 = new Checksums(Map.of(ChecksumAlgorithm.SHA256, "ab".repeat(32)));
    private static final Checksums ALL = new Checksums(Map.of(
            ChecksumAlgorithm.MD5, "01".repeat(16),
            ChecksumAlgorithm.SHA1, "02".repeat(20),
            ChecksumAlgorithm.SHA256, "03".repeat(32),
            ChecksumAlgorithm.SHA512, "04".repeat(64),
            ChecksumAlgorithm.STREEBOG256, "05".repeat(32),
            ChecksumAlgorithm.STREEBOG512, "06".repeat(64)));
    private static final DataSource SOURCE =
            new DataSource.Http("https://cloud-images.example.org/jammy/disk-kvm.img", false, SHA256);
    private static final Validator ETAG = new Validator(Validator.Kind.ETAG, "\"24a0d63d-61f2c\"");
    private static final Task.Header HEADER = new Task.Header(FIRST, 0, new Position(7, 41), 1);
    private static final StagedSource RANGED =
            new StagedSource(0, null, SEGMENT, LENGTH, SegmentSet.parse("0-5,7,140"), SegmentSet.of(7));
    private static final StagedSource STREAMED =
            new StagedSource(2, "fetcher-7c9d-1", SEGMENT, null, SegmentSet.upTo(12), SegmentSet.EMPTY);
    private static final Position FOLLOW = new Position(7, 1_204);
    private static final DiskOutput OUTPUT =
            new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "disk.qcow2");
    private static final DiskOutput REWRITTEN =
            new DiskOutput(DiskOutput.Layout.RECIPE, ImageFormat.QCOW2, "disk.qcow2");
    private static final StagedSource PLAIN =
            new StagedSource(0, null, SEGMENT, 4L * SEGMENT, SegmentSet.upTo(4), SegmentSet.of(2));

    private static final StagedSource UPLOADED = new StagedSource(
            1,
            "0a1b2c3d4e5f6071",
            SEGMENT,
            LENGTH,
            SegmentSet.upTo(12),
            SegmentSet.EMPTY,
            new UploadLease(
                    List.of(new UploadLease.Part(0, "0a1b2c3d4e5f6071"), new UploadLease.Part(7, "1122334455667788")),
                    true,
                    TIME));
    private static final String BLOB = "sha256:" + "5c".repeat(32);
    private static final DataSource CONTAINER_IMAGE =
            new DataSource.ContainerImage("registry.example.org/disks/ubuntu:24.04", "registry-login", true);
    private static final LayerEntry ENTRY = new LayerEntry(BLOB, LENGTH + 2_560, null, 1_536);
    private static final LayerEntry COMPRESSED_ENTRY = new LayerEntry(BLOB, LENGTH, Compression.GZIP, 1_536);
    private static final DataSource.PublishedImage PUBLISHED = new DataSource.PublishedImage(
            ObjectKind.CLUSTER_VIRTUAL_IMAGE,
            "ubuntu",
            "registry.example.org/cvi/ubuntu:1",
            ImageFormat.QCOW2,
            false,
            LENGTH,
            10_737_418_240L);
    private static final DataSource.Volume DISK =
            new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "linux-vm-root", "vd-linux-vm-root", null);

    private static final Map<String, Object> ALL_SAMPLES = all();

    private GoldenSamples() {}

    /** An event or a dead letter each. */
    static Map<String, Object> expected() {
        return ALL_SAMPLES;
    }

    static String typeOf(String sample) {
        int dash = sample.indexOf('-');
        return dash < 0 ? sample : sample.substring(0, dash);
    }

    static JsonNode encode(String sample) {
        EventCodec codec = new EventCodec("/fetcher/" + WORKER);
        byte[] bytes = switch (requireNonNull(ALL_SAMPLES.get(sample), sample)) {
            case Event event -> codec.encode(event, TIME);
            case DeadLetter letter -> codec.encode(letter, TIME);
            case Object other -> throw new AssertionError(other);
        };
        return EventCodec.mapper().readTree(bytes);
    }

    static Topic topicOf(String type) {
        Object sample = ALL_SAMPLES.entrySet().stream()
                .filter(entry -> typeOf(entry.getKey()).equals(type))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no sample of " + type))
                .getValue();
        return sample instanceof Event event ? Topic.of(event) : Topic.DEAD_LETTERS;
    }

    private static Map<String, Object> all() {
        Map<String, Object> all = new TreeMap<>();
        requests(all);
        fetched(all);
        convertedAndPublished(all);
        progress(all);
        status(all);
        tasks(all);
        all.put(
                "DeadLetter",
                new DeadLetter("virtualimage.fetched", new Position(3, 99), "no event of ours", "{\"hello\":1}"));
        all.put(
                "DeadLetter-empty",
                new DeadLetter("virtualimage.progress", new Position(0, 0), "no CloudEvent: no value", null));
        return all;
    }

    private static void requests(Map<String, Object> all) {
        all.put(
                "ImageRequested",
                new Event.ImageRequested(FIRST, SOURCE, Storage.CONTAINER_REGISTRY, null, null, null));
        all.put(
                "ImageRequested-again",
                new Event.ImageRequested(
                        LATER,
                        new DataSource.Http("http://files.example.org:8080/disk.img", true, ALL),
                        Storage.CONTAINER_REGISTRY,
                        "2026-11-23",
                        "e6f1e0c4-9d1b-4f0e-8a55-1f2f9a4e7b33",
                        null));
        all.put(
                "ImageRequested-container",
                new Event.ImageRequested(FIRST, CONTAINER_IMAGE, Storage.CONTAINER_REGISTRY, null, null, null));
        all.put(
                "ImageRequested-upload",
                new Event.ImageRequested(
                        FIRST, new DataSource.Upload(SHA256), Storage.PERSISTENT_VOLUME_CLAIM, null, null, "fast"));
        all.put(
                "ImageRequested-image",
                new Event.ImageRequested(
                        FIRST,
                        PUBLISHED,
                        Storage.CONTAINER_REGISTRY,
                        null,
                        "e6f1e0c4-9d1b-4f0e-8a55-1f2f9a4e7b33",
                        null));
        all.put(
                "ImageRequested-snapshot",
                new Event.ImageRequested(
                        FIRST,
                        new DataSource.Volume(ObjectKind.VIRTUAL_DISK_SNAPSHOT, "before", null, "vs-before"),
                        Storage.CONTAINER_REGISTRY,
                        null,
                        "e6f1e0c4-9d1b-4f0e-8a55-1f2f9a4e7b34",
                        null));
        all.put(
                "ImageBlocked",
                new Event.ImageBlocked(
                        FIRST,
                        "DatasourceReady",
                        "ContainerRegistrySecretNotFound",
                        "Secret default/pull is not there",
                        null));
        all.put(
                "ImageBlocked-again",
                new Event.ImageBlocked(
                        LATER, "StorageClassReady", "StorageClassNotFound", "StorageClass fast is not there", "2"));
        all.put(
                "ImageRequested-used",
                new Event.ImageRequested(
                        FIRST,
                        SOURCE,
                        Storage.CONTAINER_REGISTRY,
                        null,
                        null,
                        null,
                        new ImageUse(List.of("linux-vm", "other-vm"), true),
                        "2026-11-26"));
        all.put(
                "ImageBlocked-used",
                new Event.ImageBlocked(
                        FIRST,
                        "DatasourceReady",
                        "ImageNotReady",
                        "VirtualImage default/base does not exist.",
                        null,
                        new ImageUse(List.of("linux-vm"), false)));
        all.put("ImageWithdrawn", new Event.ImageWithdrawn(FIRST));
    }

    private static void fetched(Map<String, Object> all) {
        all.put("SourceOpened", new Event.SourceOpened(FIRST, 0, LENGTH, SEGMENT, ETAG, true, "disk-kvm.img", null));
        all.put("SourceOpened-bare", new Event.SourceOpened(FIRST, 1, null, SEGMENT, null, false, "download", null));
        all.put(
                "SourceOpened-dated",
                new Event.SourceOpened(
                        FIRST,
                        0,
                        LENGTH,
                        SEGMENT,
                        new Validator(Validator.Kind.LAST_MODIFIED, "Mon, 23 Nov 2026 08:00:00 GMT"),
                        false,
                        "disk.img",
                        null));
        all.put(
                "SourceOpened-layer",
                new Event.SourceOpened(
                        FIRST,
                        0,
                        LENGTH,
                        SEGMENT,
                        new Validator(Validator.Kind.DIGEST, BLOB),
                        true,
                        "disk.img",
                        ENTRY));
        all.put(
                "UploadOpened",
                new Event.UploadOpened(FIRST, 1, "0a1b2c3d4e5f6071", 7, SEGMENT, LENGTH, "disk.img", WORKER));
        all.put(
                "UploadOpened-chunked",
                new Event.UploadOpened(FIRST, 0, "0a1b2c3d4e5f6071", 0, SEGMENT, null, "disk.img", WORKER));
        all.put(
                "UploadInterrupted",
                new Event.UploadInterrupted(FIRST, 1, "0a1b2c3d4e5f6071", "the client went away", WORKER));
        all.put("UploadExpired", new Event.UploadExpired(FIRST, 1, "0a1b2c3d4e5f6071"));
        all.put("UploadExpired-unused", new Event.UploadExpired(FIRST, 0, null));
        all.put(
                "SegmentFetched",
                new Event.SegmentFetched(
                        FIRST, 0, null, 5, SEGMENT, 4_023_233_417L, SegmentSet.parse("0-3,17"), false, null, WORKER));
        all.put(
                "SegmentFetched-streamed",
                new Event.SegmentFetched(
                        LATER, 2, "fetcher-7c9d-1", 140, 12_582_912, 0, SegmentSet.upTo(192), true, LENGTH, WORKER));
        all.put(
                "StreamBroken",
                new Event.StreamBroken(
                        FIRST, 0, Event.StreamBroken.Cause.SOURCE_CHANGED, "the ETag is \"2\" now", WORKER));
        all.put("SourceVerified", new Event.SourceVerified(FIRST, 0, SHA256));
        all.put("FetchCompleted", new Event.FetchCompleted(FIRST, 0, LENGTH));
    }

    private static void convertedAndPublished(Map<String, Object> all) {
        all.put("DiskInspected", new Event.DiskInspected(FIRST, 0, ImageFormat.QCOW2, 10_737_418_240L, false, OUTPUT));
        all.put(
                "DiskInspected-rewritten",
                new Event.DiskInspected(FIRST, 0, ImageFormat.RAW, 10_737_418_240L, false, REWRITTEN));
        all.put("SourceCompressed", new Event.SourceCompressed(FIRST, 0, Compression.GZIP));
        all.put(
                "SegmentConverted",
                new Event.SegmentConverted(
                        FIRST,
                        0,
                        SegmentKind.PLAIN,
                        5,
                        SEGMENT,
                        4_023_233_417L,
                        SegmentSet.parse("0-3,17"),
                        false,
                        "converter-5b8f"));
        all.put(
                "SegmentConverted-cluster",
                new Event.SegmentConverted(
                        FIRST, 0, SegmentKind.DISK, 0, SEGMENT, 0, SegmentSet.upTo(256), true, "converter-5b8f"));
        all.put("SourceUnpacked", new Event.SourceUnpacked(FIRST, 0, 10_737_418_240L));
        all.put("RecipeWritten", new Event.RecipeWritten(FIRST, 0, LENGTH + 327_680, 3));
        all.put("ConvertCompleted", new Event.ConvertCompleted(FIRST, 0));
        all.put(
                "ImagePublished",
                new Event.ImagePublished(
                        FIRST,
                        0,
                        "registry.example.org/vi/default/ubuntu-22-04:" + FIRST.publicName(),
                        "sha256:" + "7e".repeat(32),
                        LAYER,
                        LENGTH + 2_560,
                        ImageFormat.QCOW2,
                        false,
                        LENGTH,
                        10_737_418_240L,
                        null));
        Event.ImagePublished onClaim = new Event.ImagePublished(
                FIRST,
                0,
                null,
                null,
                null,
                10_737_418_240L,
                ImageFormat.QCOW2,
                false,
                LENGTH,
                10_737_418_240L,
                "d8v-vi-ubuntu-22-04-" + FIRST.publicName());
        all.put("ImagePublished-claim", onClaim);
        all.put(
                "ImageLost",
                new Event.ImageLost(
                        FIRST, onClaim, "The PersistentVolumeClaim default/" + onClaim.claim() + " is gone."));
        all.put("ImageRemoved", new Event.ImageRemoved(LATER, null));
        all.put("ImageRemoved-kept", new Event.ImageRemoved(LATER, LATER));
        all.put(
                "ImageRemoved-left",
                new Event.ImageRemoved(LATER, null, "The registry does not allow deletion: 405 Method Not Allowed"));
    }

    private static void progress(Map<String, Object> all) {
        TaskId range = TaskId.of("FetchRange", 0, 5);
        all.put("TaskHeartbeat", new Event.TaskHeartbeat(FIRST, range, 1, WORKER, 4_194_304));
        all.put(
                "TaskDeferred",
                new Event.TaskDeferred(
                        FIRST,
                        range,
                        2,
                        Event.TaskDeferred.Deferral.SOURCE,
                        FailureReason.SOURCE_UNAVAILABLE,
                        "503 Service Unavailable",
                        Instant.parse("2026-11-23T09:00:10Z"),
                        WORKER));
        all.put("SegmentMissing", new Event.SegmentMissing(FIRST, 0, null, 5, null));
        all.put("SegmentMissing-streamed", new Event.SegmentMissing(LATER, 2, "fetcher-7c9d-1", 11, null));
        all.put("SegmentMissing-unpacked", new Event.SegmentMissing(FIRST, 0, null, 3, SegmentKind.PLAIN));
        all.put("PushParked", new Event.PushParked(FIRST, 0, TaskId.of("PushLayer", 0), 1, 6));
        all.put("StageProgressed", new Event.StageProgressed(FIRST, 0, Stage.PUBLISH, 67_108_864, LENGTH));
        all.put("LayerPushed", new Event.LayerPushed(FIRST, 0, LAYER, LENGTH + 2_560));
        all.put("StagingCleaned", new Event.StagingCleaned(FIRST, null));
        all.put("StagingCleaned-kept", new Event.StagingCleaned(LATER, LATER));
        all.put(
                "StageFailed",
                new Event.StageFailed(FIRST, Stage.FETCH, FailureReason.SOURCE_REFUSED, "404 Not Found"));
    }

    private static void status(Map<String, Object> all) {
        all.put(
                "StatusChanged",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.PROVISIONING,
                                "28.2%",
                                false,
                                ImageFormat.QCOW2,
                                new ImageStatus.Size(LENGTH, 10_737_418_240L),
                                new ImageStatus.DownloadSpeed(48_234_496, 50_331_648L),
                                "registry.example.org/vi/default/ubuntu-22-04:" + FIRST.publicName(),
                                null,
                                null,
                                null,
                                null,
                                List.of(
                                        new ImageStatus.Condition("DatasourceReady", true, "DatasourceReady", "", TIME),
                                        new ImageStatus.Condition(
                                                "Ready", false, "Provisioning", "The source is being fetched", TIME)),
                                List.of(new ImageStatus.Notice(
                                        false, "DataSourceImportStarted", "The import has started")))));
        all.put(
                "StatusChanged-upload",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.WAIT_FOR_USER_UPLOAD,
                                null,
                                false,
                                null,
                                null,
                                null,
                                null,
                                null,
                                true,
                                null,
                                null,
                                List.of(),
                                List.of())));
        all.put(
                "StatusChanged-claim",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.READY,
                                "100%",
                                false,
                                ImageFormat.QCOW2,
                                new ImageStatus.Size(LENGTH, LENGTH),
                                null,
                                null,
                                "d8v-vi-ubuntu-22-04-" + FIRST.publicName(),
                                null,
                                "e6f1e0c4-9d1b-4f0e-8a55-1f2f9a4e7b33",
                                "fast",
                                List.of(),
                                List.of())));
        all.put(
                "StatusChanged-early",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.PENDING,
                                null,
                                false,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                null,
                                List.of(),
                                List.of())));
        all.put(
                "StatusChanged-fetched",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.READY,
                                "100%",
                                true,
                                ImageFormat.ISO,
                                new ImageStatus.Size(LENGTH, LENGTH),
                                new ImageStatus.DownloadSpeed(48_234_496, null),
                                "registry.example.org/vi/default/ubuntu-22-04:" + FIRST.publicName(),
                                null,
                                null,
                                null,
                                null,
                                List.of(),
                                List.of(new ImageStatus.Notice(true, "DataSourceImportFailed", "404 Not Found")))));
        all.put(
                "StatusChanged-recovered",
                new Event.StatusChanged(
                        FIRST,
                        new ImageStatus(
                                ImageStatus.Phase.READY,
                                "100%",
                                false,
                                ImageFormat.QCOW2,
                                new ImageStatus.Size(LENGTH, LENGTH),
                                null,
                                null,
                                "d8v-vi-ubuntu-22-04-" + FIRST.publicName(),
                                null,
                                null,
                                "fast",
                                List.of(),
                                List.of(new ImageStatus.Notice(
                                        false, "VirtualImageLostRecovered", "The image is back.", 4711L, TIME)))));
    }

    private static void tasks(Map<String, Object> all) {
        Task.Header again = new Task.Header(LATER, 2, new Position(7, 58), 3);
        all.put("ProbeSource", new Task.ProbeSource(HEADER, SOURCE, SEGMENT));
        all.put("FetchRange", new Task.FetchRange(HEADER, SOURCE, ETAG, new SegmentLayout(LENGTH, SEGMENT), 140, null));
        all.put(
                "FetchRange-layer",
                new Task.FetchRange(
                        HEADER,
                        CONTAINER_IMAGE,
                        new Validator(Validator.Kind.DIGEST, BLOB),
                        new SegmentLayout(LENGTH, SEGMENT),
                        140,
                        ENTRY));
        all.put("FetchStream-layer", new Task.FetchStream(again, CONTAINER_IMAGE, SEGMENT, LENGTH, COMPRESSED_ENTRY));
        all.put(
                "VerifySource-layer",
                new Task.VerifySource(HEADER, RANGED, FOLLOW, Checksums.NONE, CONTAINER_IMAGE, ENTRY));
        all.put("VerifySource-upload", new Task.VerifySource(again, UPLOADED, FOLLOW, SHA256, null, null));
        all.put("ReadVolume", new Task.ReadVolume(HEADER, DISK, SEGMENT));
        all.put("MountImage", new Task.MountImage(HEADER, PUBLISHED));
        all.put(
                "FillVolume",
                new Task.FillVolume(
                        HEADER,
                        RANGED,
                        new StagedOutput(SegmentKind.PLAIN, PLAIN, LENGTH, 3, SegmentSet.of(1)),
                        "fast",
                        ImageFormat.QCOW2,
                        false,
                        LENGTH,
                        10_737_418_240L));
        all.put(
                "FillVolume-plain",
                new Task.FillVolume(HEADER, RANGED, null, null, ImageFormat.ISO, true, LENGTH, LENGTH));
        all.put(
                "InspectDisk-claim",
                new Task.InspectDisk(HEADER, RANGED, "disk-kvm.img", null, Storage.PERSISTENT_VOLUME_CLAIM));
        all.put("CleanStaging", new Task.CleanStaging(HEADER, true));
        all.put("FetchStream", new Task.FetchStream(again, SOURCE, SEGMENT, null, null));
        all.put("FetchStream-known", new Task.FetchStream(again, SOURCE, SEGMENT, LENGTH, null));
        all.put("VerifySource", new Task.VerifySource(HEADER, RANGED, FOLLOW, SHA256, null, null));
        all.put("VerifySource-streamed", new Task.VerifySource(again, STREAMED, FOLLOW, ALL, null, null));
        all.put("InspectDisk", new Task.InspectDisk(HEADER, RANGED, "disk-kvm.img", null, null));
        all.put("InspectDisk-unpacked", new Task.InspectDisk(HEADER, RANGED, "disk-kvm.img.xz", PLAIN, null));
        all.put("UnpackSource", new Task.UnpackSource(HEADER, RANGED, FOLLOW, Compression.XZ, PLAIN));
        all.put("MapDisk", new Task.MapDisk(HEADER, SegmentKind.PLAIN, PLAIN, REWRITTEN));
        all.put("ConvertSegment", new Task.ConvertSegment(HEADER, SegmentKind.SOURCE, PLAIN, 2));
        all.put("PushLayer", new Task.PushLayer(HEADER, RANGED, FOLLOW, OUTPUT, null));
        all.put(
                "PushLayer-recipe",
                new Task.PushLayer(
                        HEADER,
                        RANGED,
                        FOLLOW,
                        REWRITTEN,
                        new StagedOutput(SegmentKind.PLAIN, PLAIN, LENGTH + 327_680, 3, SegmentSet.of(1))));
        all.put("PushLayer-streamed", new Task.PushLayer(again, STREAMED, FOLLOW, OUTPUT, null));
        all.put(
                "PublishManifest",
                new Task.PublishManifest(
                        HEADER, LAYER, LENGTH + 2_560, ImageFormat.QCOW2, false, LENGTH, 10_737_418_240L));
        all.put("RemoveImage", new Task.RemoveImage(HEADER, false));
    }
}
