package io.virtualimage.statuswriter;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.UploadLease;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is said to people. */
final class Wording {
    /** So many machines are named; of the others it is said how many they are. */
    private static final int MAX_MACHINES = 20;

    private Wording() {}

    /** What is being done for an image that is under way. */
    static String doing(ImageFacts facts) {
        if (facts.source().staged().complete()) {
            return facts.source().completed()
                    ? "The image is being published."
                    : "The source's checksums are being verified.";
        }
        UploadLease upload = facts.source().staged().upload();
        if (upload != null) {
            return upload.open()
                    ? "The file is being uploaded."
                    : "The upload broke off after %d bytes, and can go on from there: curl -C %<d -T FILE ADDRESS"
                            .formatted(facts.source().staged().presentBytes());
        }
        if (facts.request() instanceof ImageRequested wanted && wanted.source() instanceof DataSource.Upload) {
            return "What was uploaded is lost: it has to be uploaded once more.";
        }
        ImageFacts.Trouble trouble = facts.sourceTrouble();
        if (trouble != null) {
            return "The source gives nothing at present, and is asked again: " + trouble.message();
        }
        return facts.source().opened() == null
                ? "The source is being asked what it has."
                : "The source is being fetched.";
    }

    /** That an import has begun; from where, if that is known. */
    static String begun(@Nullable DataSource source) {
        String from = switch (source) {
            case DataSource.Http http -> " from " + http.url();
            case DataSource.ContainerImage image -> " from the container image " + image.image();
            case DataSource.Upload ignored -> " by an upload";
            case DataSource.PublishedImage image ->
                " from the %s %s".formatted(image.kind().wireName(), image.name());
            case DataSource.Volume volume ->
                " from the %s %s".formatted(volume.kind().wireName(), volume.name());
            case null -> "";
        };
        return "The import%s has begun.".formatted(from);
    }

    static String failed(StageFailed failed) {
        String title = switch (failed.stage()) {
            case FETCH -> "Fetching the source";
            case CONVERT -> "Converting the image";
            case PUBLISH -> "Publishing the image";
        };
        return "%s failed: %s".formatted(title, failed.message());
    }

    static String usedBy(List<String> machines) {
        return "Used by " + names(machines) + ".";
    }

    static String waitsFor(List<String> machines) {
        return "The image is deleted when it is not used any more by %s.".formatted(names(machines));
    }

    private static String names(List<String> machines) {
        String names = String.join(", ", machines.subList(0, Math.min(machines.size(), MAX_MACHINES)));
        String others = machines.size() > MAX_MACHINES ? " and %d more".formatted(machines.size() - MAX_MACHINES) : "";
        return (machines.size() == 1 ? "the VirtualMachine " : "the VirtualMachines ") + names + others;
    }
}
