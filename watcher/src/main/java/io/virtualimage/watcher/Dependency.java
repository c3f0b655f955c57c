package io.virtualimage.watcher;

import org.jspecify.annotations.Nullable;

/**
 * Something in the cluster that an image waits for.
 *
 * @param namespace null for kinds that live in none
 * @param name null for all objects of the kind in the namespace
 */
public record Dependency(
        Kind kind, @Nullable String namespace, @Nullable String name) {

    /** What an image can wait for. */
    public enum Kind {
        SECRET("Secret", "secrets", ""),
        STORAGE_CLASS("StorageClass", "storageclasses", "storage.k8s.io"),
        VIRTUAL_IMAGE("VirtualImage", "virtualimages", "virtualization.deckhouse.io"),
        CLUSTER_VIRTUAL_IMAGE("ClusterVirtualImage", "clustervirtualimages", "virtualization.deckhouse.io"),
        VIRTUAL_DISK("VirtualDisk", "virtualdisks", "virtualization.deckhouse.io"),
        VIRTUAL_DISK_SNAPSHOT("VirtualDiskSnapshot", "virtualdisksnapshots", "virtualization.deckhouse.io"),
        VIRTUAL_MACHINE("VirtualMachine", "virtualmachines", "virtualization.deckhouse.io");

        private final String wire;
        private final String plural;
        private final String group;

        Kind(String wire, String plural, String group) {
            this.wire = wire;
            this.plural = plural;
            this.group = group;
        }

        /** As it stands in objects. */
        public String wire() {
            return wire;
        }

        String plural() {
            return plural;
        }

        /** The API group; empty for the core one. */
        String group() {
            return group;
        }

        boolean namespaced() {
            return switch (this) {
                case STORAGE_CLASS, CLUSTER_VIRTUAL_IMAGE -> false;
                case SECRET, VIRTUAL_IMAGE, VIRTUAL_DISK, VIRTUAL_DISK_SNAPSHOT, VIRTUAL_MACHINE -> true;
            };
        }
    }

    public Dependency {
        if (kind.namespaced() != (namespace != null)) {
            throw new IllegalArgumentException(kind.wire + " in namespace " + namespace);
        }
    }

    static Dependency in(String namespace, Kind kind, String name) {
        return new Dependency(kind, namespace, name);
    }

    static Dependency allIn(String namespace, Kind kind) {
        return new Dependency(kind, namespace, null);
    }

    static Dependency ofCluster(Kind kind, @Nullable String name) {
        return new Dependency(kind, null, name);
    }

    /** All of the kind where this one is. */
    Dependency all() {
        return new Dependency(kind, namespace, null);
    }

    /** As it is called in messages: the kind, then namespace and name. */
    @Override
    public String toString() {
        if (name == null) {
            return "Any " + kind.wire + (namespace == null ? "" : " in " + namespace);
        }
        return kind.wire + " " + (namespace == null ? "" : namespace + "/") + name;
    }
}
