package io.virtualimage.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {

    private static final Digest EMPTY = Digest.sha256(new byte[0]);
    private static final String DESCRIPTOR = "{\"mediaType\":\"x/y\",\"digest\":\"" + EMPTY + "\",\"size\":0}";

    @Test
    void writesTheSameBytesAlways() {
        ImageManifest manifest = new ImageManifest(
                new Descriptor(MediaTypes.OCI_CONFIG, EMPTY, 0),
                List.of(new Descriptor(MediaTypes.OCI_LAYER, EMPTY, 12_345_678_901L)),
                Map.of("b", "2", "a", "1", "c", "3"));
        assertThat(new String(manifest.toJson(), UTF_8))
                .isEqualTo(("{'schemaVersion':2,'mediaType':'application/vnd.oci.image.manifest.v1+json',"
                                + "'config':{'mediaType':'application/vnd.oci.image.config.v1+json','digest':'" + EMPTY
                                + "','size':0},'layers':[{'mediaType':'application/vnd.oci.image.layer.v1.tar',"
                                + "'digest':'" + EMPTY + "','size':12345678901}],"
                                + "'annotations':{'a':'1','b':'2','c':'3'}}")
                        .replace('\'', '"'));
    }

    @Test
    void writesAConfigThatIsTheSameAlways() throws RegistryException {
        ImageConfig config = new ImageConfig(
                "amd64", "linux", Map.of("source-image-size", "7", "source-image-format", "raw"), List.of(EMPTY));
        byte[] json = config.toJson();
        assertThat(new String(json, UTF_8))
                .isEqualTo(("{'architecture':'amd64','os':'linux','config':{'Labels':{'source-image-format':'raw',"
                                + "'source-image-size':'7'}},'rootfs':{'type':'layers','diff_ids':['" + EMPTY + "']}}")
                        .replace('\'', '"'));
        assertThat(ImageConfig.parse(json)).isEqualTo(config);
        assertThat(ImageConfig.parse("{\"config\":null}".getBytes(UTF_8)).labels())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.v2+json",
        "application/json, application/vnd.oci.image.manifest.v1+json",
        ", application/vnd.oci.image.manifest.v1+json",
    })
    void readsImages(String type, String found) throws RegistryException {
        Manifest manifest = Manifest.parse(json("'config':D,'layers':[D,D],'unknown':{'a':[1]}"), type);
        assertThat(manifest).isInstanceOf(ImageManifest.class);
        assertThat(manifest.mediaType()).isEqualTo(found);
        assertThat(((ImageManifest) manifest).layers()).hasSize(2);
    }

    @Test
    void choosesByPlatform() throws RegistryException {
        String arm = DESCRIPTOR.replace("}", ",'platform':{'os':'linux','architecture':'arm64','variant':'v8'}}");
        String amd = DESCRIPTOR.replace("}", ",'platform':{'os':'linux','architecture':'amd64'}}");
        ImageIndex index = (ImageIndex)
                Manifest.parse(json("'manifests':[D," + arm + "," + amd + "]"), MediaTypes.DOCKER_MANIFEST_LIST);
        assertThat(index.forPlatform(Platform.LINUX_AMD64))
                .hasValueSatisfying(each -> assertThat(each.platform()).isEqualTo(Platform.LINUX_AMD64));
        assertThat(index.forPlatform(new Platform("linux", "arm64", null))).isPresent();
        assertThat(index.forPlatform(new Platform("linux", "arm64", "v7"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'config':D,'layers':[],'manifests':[]",
                "'fsLayers':[]",
                "'config':D",
                "'layers':[]",
                "'config':D,'layers':[null]",
                "'config':{'digest':'sha256:00','size':1},'layers':[]",
                "'config':{'mediaType':'x','size':1},'layers':[]",
                "'config':D,'layers':[],'mediaType':'application/vnd.oci.image.index.v1+json'",
                "'config':D,'layers':[],'mediaType':'application/x'",
                "'config':3,'layers':[]",
                "'config':",
            })
    void refusesWhatIsMalformedOrAmbiguous(String fields) {
        assertThatThrownBy(() -> Manifest.parse(json(fields), null))
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.PROTOCOL));
    }

    @Test
    void refusesAnImageThatCameAsAnIndex() {
        assertThatThrownBy(() -> Manifest.parse(json("'config':D,'layers':[]"), MediaTypes.OCI_INDEX))
                .hasMessageContaining("index");
        assertThatThrownBy(() -> Manifest.parse(
                        json("'config':D,'layers':[],'mediaType':'" + MediaTypes.OCI_MANIFEST + "'"),
                        MediaTypes.DOCKER_MANIFEST))
                .hasMessageContaining("calls itself");
    }

    private static byte[] json(String fields) {
        return ("{'schemaVersion':2," + fields + "}")
                .replace("D", DESCRIPTOR)
                .replace('\'', '"')
                .getBytes(UTF_8);
    }
}
