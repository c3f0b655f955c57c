package io.virtualimage.k8s;

/** Names that users, manifests and other programs hold on to. */
public final class WellKnown {
    public static final String GROUP = "virtualization.deckhouse.io";
    public static final String VERSION = "v1alpha2";
    public static final String KIND = "VirtualImage";
    public static final String PLURAL = "virtualimages";

    /** Where the definition of the resource is found on the class path. */
    public static final String CUSTOM_RESOURCE_DEFINITION = "/crds/" + PLURAL + "." + GROUP + ".yaml";

    /** Keeps a deleted image until nothing uses it and everything of it is removed. */
    public static final String CLEANUP_FINALIZER = "virtualimage.io/cleanup";

    /** An annotation of users: each new value of it starts a failed import once more. */
    public static final String RETRY_ANNOTATION = "virtualimage.io/retry";

    /** An annotation of users: with each new value of it, whether a published image is still there is looked up at once. */
    public static final String CHECK_ANNOTATION = "virtualimage.io/check";

    /** On objects made for an image (claims, jobs): the image's UID. Its name may be too long for a label. */
    public static final String UID_LABEL = "virtualimage.io/uid";

    /** On objects made for an image: the incarnation, as {@code <generation>-<run>}. */
    public static final String INCARNATION_LABEL = "virtualimage.io/incarnation";

    /** On objects made for an image, with {@link #MANAGED_BY} as value. */
    public static final String MANAGED_BY_LABEL = "app.kubernetes.io/managed-by";

    public static final String MANAGED_BY = "virtualimage";

    /** On objects made for an image: what they are made for. */
    public static final String COMPONENT_LABEL = "app.kubernetes.io/component";

    /** The Lease that the watchers' leader holds; the only one that the manifests let them touch. */
    public static final String WATCHER_LEASE = "virtualimage-watcher";

    private WellKnown() {}
}
