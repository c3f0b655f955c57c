package io.virtualimage.k8s.volume;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.virtualimage.k8s.WellKnown;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The version of a VirtualImage that something in its namespace is made for.
 *
 * @param generation of the incarnation
 * @param run of the incarnation
 */
public record ImageOwner(String namespace, String name, String uid, long generation, long run) {

    /** The labels of all that is made for it. */
    public Map<String, String> labels(VolumeWork work) {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put(WellKnown.MANAGED_BY_LABEL, WellKnown.MANAGED_BY);
        labels.put(WellKnown.COMPONENT_LABEL, work.component());
        labels.put(WellKnown.UID_LABEL, uid);
        labels.put(WellKnown.INCARNATION_LABEL, generation + "-" + run);
        return labels;
    }

    /** What finds everything that is made for any version of the image, for that work. */
    public static Map<String, String> selector(VolumeWork work, String uid) {
        return Map.of(WellKnown.COMPONENT_LABEL, work.component(), WellKnown.UID_LABEL, uid);
    }

    /** What finds everything that is made for any image, for that work. */
    public static Map<String, String> selector(VolumeWork work) {
        return Map.of(WellKnown.COMPONENT_LABEL, work.component(), WellKnown.MANAGED_BY_LABEL, WellKnown.MANAGED_BY);
    }

    /** So that it goes with the VirtualImage, which isn't kept from going by it. */
    public OwnerReference reference() {
        return new OwnerReferenceBuilder()
                .withApiVersion(WellKnown.GROUP + "/" + WellKnown.VERSION)
                .withKind(WellKnown.KIND)
                .withName(name)
                .withUid(uid)
                .withController(false)
                .withBlockOwnerDeletion(false)
                .build();
    }

    /** {@code <uid>-<generation>-<run>}. */
    String publicVersion() {
        return uid + "-" + generation + "-" + run;
    }
}
