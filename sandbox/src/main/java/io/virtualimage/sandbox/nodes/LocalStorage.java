package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.math.RoundingMode;
import java.util.List;

/** The storage of the sandbox's node by its names: folders and files of this machine. */
public final class LocalStorage {
    /** Who makes the volumes: a StorageClass that names it gets them. */
    public static final String PROVISIONER = "sandbox.virtualimage.io/local";

    /** The default class; binds a claim when the first Pod wants it. */
    public static final String DEFAULT_CLASS = "local";

    /** Binds a claim at once. */
    public static final String IMMEDIATE_CLASS = "local-immediate";

    static final String WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer";

    private LocalStorage() {}

    static List<StorageClass> classes() {
        return List.of(
                storageClass(DEFAULT_CLASS, WAIT_FOR_FIRST_CONSUMER, true),
                storageClass(IMMEDIATE_CLASS, "Immediate", false));
    }

    private static StorageClass storageClass(String name, String bindingMode, boolean isDefault) {
        return new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .addToAnnotations("storageclass.kubernetes.io/is-default-class", Boolean.toString(isDefault))
                .endMetadata()
                .withProvisioner(PROVISIONER)
                .withReclaimPolicy("Delete")
                .withVolumeBindingMode(bindingMode)
                .build();
    }

    static long bytes(Quantity quantity) {
        return Quantity.getAmountInBytes(quantity)
                .setScale(0, RoundingMode.CEILING)
                .longValueExact();
    }
}
