package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import org.junit.jupiter.api.Test;

class ObjectCacheTest {
    private static GenericKubernetesResource object(String yaml) {
        return new KubernetesSerialization().unmarshal(yaml, GenericKubernetesResource.class);
    }

    @Test
    void nothingOfWhatASecretHoldsIsKept() {
        GenericKubernetesResource secret = object("""
                apiVersion: v1
                kind: Secret
                type: Opaque
                metadata:
                  namespace: ns
                  name: s
                  uid: u
                  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData": "c2VjcmV0"}'}
                  managedFields: [{manager: c2VjcmV0}]
                data: {password: c2VjcmV0}
                stringData: {password: c2VjcmV0}
                """);
        ObjectCache.Trimmed kept = new ObjectCache.Trimmed();
        kept.put(kept.getKey(secret), secret);
        assertThat(new KubernetesSerialization().asJson(kept.get("ns/s")))
                .contains("\"name\":\"s\"")
                .doesNotContain("c2VjcmV0");
    }

    @Test
    void whatIsLookedAtStays() {
        ObjectCache.Trimmed kept = new ObjectCache.Trimmed();
        GenericKubernetesResource disk = object("""
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualDisk
                metadata: {namespace: ns, name: d, uid: u, generation: 3, deletionTimestamp: "2026-01-01T00:00:00Z"}
                spec: {persistentVolumeClaim: {size: 1Gi}}
                status: {phase: Ready, observedGeneration: 3, target: {persistentVolumeClaimName: c}, conditions: [{type: c2VjcmV0}]}
                """);
        kept.put("ns/d", disk);
        Referent referent = ObjectCache.referent(kept.get("ns/d"));
        assertThat(referent.name()).isEqualTo("d");
        assertThat(referent.uid()).isEqualTo("u");
        assertThat(referent.deleting()).isTrue();
        assertThat(referent.observed()).isTrue();
        assertThat(referent.phase()).isEqualTo("Ready");
        assertThat(referent.text("target", "persistentVolumeClaimName")).isEqualTo("c");
        assertThat(referent.text("target", "registryURL")).isNull();
        assertThat(new KubernetesSerialization().asJson(kept.get("ns/d")))
                .doesNotContain("1Gi")
                .doesNotContain("c2VjcmV0");
    }

    @Test
    void theMarkOfADefaultClassStays() {
        ObjectCache.Trimmed kept = new ObjectCache.Trimmed();
        kept.put("fast", object("""
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata:
                  name: fast
                  uid: u
                  annotations: {storageclass.kubernetes.io/is-default-class: "true", other: c2VjcmV0}
                provisioner: example.com/none
                """));
        assertThat(ObjectCache.referent(kept.get("fast")).annotations())
                .containsOnlyKeys("storageclass.kubernetes.io/is-default-class");
    }
}
