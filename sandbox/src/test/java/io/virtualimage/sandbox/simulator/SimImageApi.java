package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.statuswriter.ImageApi;
import io.virtualimage.statuswriter.ImageNotice;
import io.virtualimage.statuswriter.StandingImage;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The API server as one status-writer sees it. */
final class SimImageApi implements ImageApi {
    private final SimProcess process;
    private final KubeApi api;
    private final Faults faults;

    SimImageApi(SimProcess process, KubeApi api, Faults faults) {
        this.process = process;
        this.api = api;
        this.faults = faults;
    }

    @Override
    public Optional<StandingImage> get(String namespace, String name) throws ImageApiException {
        process.effect("gets", name);
        fail(0.01);
        return api.find(namespace, name)
                .map(object -> new StandingImage(
                        object.uid(), object.generation(), Long.toString(object.resourceVersion()), object.status()));
    }

    @Override
    public Outcome applyStatus(
            String namespace, String name, String uid, @Nullable String resourceVersion, VirtualImageStatus status)
            throws ImageApiException {
        process.effect("applies " + status.phase() + " " + status.progress() + " to", uid);
        boolean late = false;
        if (faults.strike(0.01)) {
            late = faults.coin();
            if (!late) {
                throw lost();
            }
        }
        Optional<KubeApi.Version> object = api.find(namespace, name);
        if (object.isEmpty()) {
            return Outcome.GONE;
        }
        if (!object.get().uid().equals(uid)) {
            return Outcome.CONFLICT;
        }
        try {
            api.patchStatus(uid, resourceVersion, status);
        } catch (KubeApi.ConflictException e) {
            return Outcome.CONFLICT;
        }
        if (late) {
            throw lost();
        }
        return Outcome.DONE;
    }

    @Override
    public Outcome createEvent(ImageNotice notice) throws ImageApiException {
        process.effect("writes event", notice.notice().reason());
        fail(0.005);
        return Outcome.DONE;
    }

    private void fail(double probability) throws ImageApiException {
        if (faults.strike(probability)) {
            throw lost();
        }
    }

    private static ImageApiException lost() {
        return new ImageApiException("simulated: no answer", new IllegalStateException("simulated"));
    }
}
