package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeDevice;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds or makes what a Pod's volumes are on this machine: claims, {@code emptyDir}, and Secrets and ConfigMaps as they
 * are when the Pod starts. {@code readOnly} can't be held without a namespace of mounts: who writes there, writes.
 */
final class PodVolumes {
    private final ClusterView view;
    private final ContainerVariables values;

    PodVolumes(ClusterView view, ContainerVariables values) {
        this.view = view;
        this.values = values;
    }

    /**
     * The places of one container.
     *
     * @param folder the Pod's own
     * @throws NotYetException if something that is mounted isn't there
     * @throws UnsupportedPodException if it can't be had here
     */
    Map<String, Path> places(Pod pod, Container container, Path folder) throws IOException {
        Map<String, Path> places = new TreeMap<>();
        for (VolumeMount mount : container.getVolumeMounts()) {
            if (mount.getSubPathExpr() != null) {
                throw new UnsupportedPodException("volume " + mount.getName() + " is mounted by subPathExpr");
            }
            Path place = place(pod, mount.getName(), folder);
            if (mount.getSubPath() != null && !mount.getSubPath().isEmpty()) {
                place = place.resolve(mount.getSubPath());
                if (!Files.exists(place)) {
                    Files.createDirectories(place);
                }
            }
            places.put(mount.getMountPath(), place);
        }
        for (VolumeDevice device : container.getVolumeDevices()) {
            places.put(device.getDevicePath(), place(pod, device.getName(), folder));
        }
        places.put(container.getTerminationMessagePath(), terminationMessage(container, folder));
        return places;
    }

    static Path terminationMessage(Container container, Path folder) {
        return folder.resolve(container.getName() + ".termination");
    }

    private Path place(Pod pod, String name, Path folder) throws IOException {
        Volume volume = pod.getSpec().getVolumes().stream()
                .filter(one -> one.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new UnsupportedPodException("there is no volume " + name));
        Path own = folder.resolve("volumes").resolve(name);
        if (volume.getPersistentVolumeClaim() != null) {
            return place(pod, volume.getPersistentVolumeClaim().getClaimName());
        }
        if (volume.getEmptyDir() != null) {
            return Files.createDirectories(own);
        }
        if (volume.getSecret() != null) {
            var source = volume.getSecret();
            Map<String, String> secret = values.secret(pod, source.getSecretName());
            return write(own, "secret " + source.getSecretName(), secret, source.getItems(), source.getOptional());
        }
        if (volume.getConfigMap() != null) {
            var source = volume.getConfigMap();
            Map<String, String> map = values.configMap(pod, source.getName());
            return write(own, "configmap " + source.getName(), map, source.getItems(), source.getOptional());
        }
        throw new UnsupportedPodException("volume " + name
                + " is none of persistentVolumeClaim, emptyDir, secret and configMap, which are all there is here");
    }

    private Path place(Pod pod, String claim) {
        PersistentVolume volume = view.claim(pod.getMetadata().getNamespace(), claim)
                .map(PersistentVolumeClaim::getSpec)
                .flatMap(spec -> view.volume(String.valueOf(spec.getVolumeName())))
                .orElseThrow(() -> new NotYetException("claim " + claim + " has no volume yet"));
        if (volume.getSpec().getLocal() == null) {
            throw new UnsupportedPodException(
                    "volume " + volume.getMetadata().getName() + " of claim " + claim + " is not of this machine");
        }
        return Path.of(volume.getSpec().getLocal().getPath());
    }

    private static Path write(
            Path folder, String what, Map<String, String> content, List<KeyToPath> items, @Nullable Boolean optional)
            throws IOException {
        if (content.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new NotYetException(what + " not found, or it is empty");
        }
        Files.createDirectories(folder);
        Map<String, String> files = new TreeMap<>();
        if (items.isEmpty()) {
            content.keySet().forEach(key -> files.put(key, key));
        }
        items.forEach(item -> files.put(item.getPath(), item.getKey()));
        for (Map.Entry<String, String> file : files.entrySet()) {
            @Nullable String text = content.get(file.getValue());
            if (text == null) {
                throw new NotYetException(what + " has no key " + file.getValue());
            }
            Path path = folder.resolve(file.getKey());
            Files.createDirectories(path.resolve("..").normalize());
            Files.writeString(path, text);
        }
        return folder;
    }
}
