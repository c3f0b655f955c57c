package io.virtualimage.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InMemoryRegistryTest extends OciRegistryContract {

    private final InMemoryRegistry registry = new InMemoryRegistry();

    @Override
    protected OciRegistry registry() {
        return registry;
    }

    @Test
    void mayForbidDeletion() {
        assertThatThrownBy(() -> new InMemoryRegistry(false).deleteManifest(repository, Digest.sha256(new byte[0])))
                .isInstanceOf(DeleteNotAllowedException.class);
    }

    @Test
    void mayForgetUploadsAndLoseBlobs() throws RegistryException {
        UploadLocation location = registry.startUpload(repository);
        Digest digest = registry.pushBlob(repository, new byte[3]);
        assertThat(registry.openUploads()).isEqualTo(1);
        registry.forgetUploads();
        registry.loseBlob(repository, digest);
        assertThat(registry.uploadStatus(location)).isEmpty();
        assertThat(registry.headBlob(repository, digest)).isEmpty();
    }
}
