package io.virtualimage.sandbox.endtoend;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.util.Map;

/** Objects of the platform's other kinds, made by hand: there are no controllers for them here. */
enum PlatformObjects {
    CLUSTER_VIRTUAL_IMAGE("ClusterVirtualImage", "clustervirtualimages", false),
    VIRTUAL_DISK("VirtualDisk", "virtualdisks", true),
    VIRTUAL_DISK_SNAPSHOT("VirtualDiskSnapshot", "virtualdisksnapshots", true),
    VIRTUAL_MACHINE("VirtualMachine", "virtualmachines", true);

    private static final String GROUP = "virtualization.deckhouse.io";
    private static final String VERSION = "v1alpha2";
    private static final String NAMESPACE = "default";

    private final String kind;
    private final String plural;
    private final boolean namespaced;

    PlatformObjects(String kind, String plural, boolean namespaced) {
        this.kind = kind;
        this.plural = plural;
        this.namespaced = namespaced;
    }

    /** Makes one if there is none of that name, and gives it the status. */
    void put(World world, String name, Map<String, Object> status) {
        try (KubernetesClient client = ClaimedDisk.client(world)) {
            Resource<GenericKubernetesResource> resource = resource(client, name);
            if (resource.get() == null) {
                client.resource(new GenericKubernetesResourceBuilder()
                                .withApiVersion(GROUP + "/" + VERSION)
                                .withKind(kind)
                                .withNewMetadata()
                                .withName(name)
                                .withNamespace(namespaced ? NAMESPACE : null)
                                .endMetadata()
                                .addToAdditionalProperties("spec", Map.of())
                                .build())
                        .create();
            }
            resource.editStatus(found -> {
                found.setAdditionalProperty("status", status);
                return found;
            });
        }
    }

    void delete(World world, String name) {
        try (KubernetesClient client = ClaimedDisk.client(world)) {
            resource(client, name).delete();
        }
    }

    void deleteAll(World world) {
        try (KubernetesClient client = ClaimedDisk.client(world)) {
            client.genericKubernetesResources(context()).inNamespace(NAMESPACE).delete();
        }
    }

    private Resource<GenericKubernetesResource> resource(KubernetesClient client, String name) {
        var all = client.genericKubernetesResources(context());
        return namespaced ? all.inNamespace(NAMESPACE).withName(name) : all.withName(name);
    }

    private ResourceDefinitionContext context() {
        return new ResourceDefinitionContext.Builder()
                .withGroup(GROUP)
                .withVersion(VERSION)
                .withKind(kind)
                .withPlural(plural)
                .withNamespaced(namespaced)
                .build();
    }
}
