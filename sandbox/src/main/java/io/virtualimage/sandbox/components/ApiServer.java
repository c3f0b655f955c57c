package io.virtualimage.sandbox.components;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/** kube-apiserver and the etcd under it, as processes; the files of one directory make the cluster. */
final class ApiServer implements RunningComponent {

    private final Etcd etcd;
    private final LocalProcess process;
    private final Path kubeconfig;
    private final String description;

    private ApiServer(Etcd etcd, LocalProcess process, Path kubeconfig, String description) {
        this.etcd = etcd;
        this.process = process;
        this.kubeconfig = kubeconfig;
        this.description = description;
    }

    static ApiServer start(Path directory) {
        Path program = Component.KUBE_APISERVER.program();
        Path folder = directory.toAbsolutePath();
        try {
            Files.createDirectories(folder);
            String token = credentials(folder);
            Etcd etcd = Etcd.start(folder);
            try {
                return start(folder, program, etcd, token);
            } catch (RuntimeException | IOException e) {
                etcd.close();
                throw e;
            }
        } catch (IOException e) {
            throw new ComponentException("kube-apiserver's files can't be written to " + folder, e);
        }
    }

    private static ApiServer start(Path folder, Path program, Etcd etcd, String token) throws IOException {
        int port = new Ports(folder).port("kube-apiserver");
        Path certificates = folder.resolve("certs");
        List<String> command = List.of(
                program.toString(),
                "--etcd-servers=" + etcd.endpoint(),
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--secure-port=" + port,
                "--cert-dir=" + certificates,
                "--token-auth-file=" + folder.resolve("tokens.csv"),
                "--authorization-mode=RBAC",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-signing-key-file=" + folder.resolve("service-accounts.key"),
                "--service-account-key-file=" + folder.resolve("service-accounts.pub"),
                "--service-cluster-ip-range=10.0.0.0/24",
                // Nobody makes the default ServiceAccounts that this one waits for.
                "--disable-admission-plugins=ServiceAccount",
                "--endpoint-reconciler-type=none",
                "--enable-priority-and-fairness=false",
                "--allow-privileged=true",
                "--profiling=false");
        Path kubeconfig = folder.resolve("kubeconfig");
        // It makes this certificate, which is its own authority, when there is none.
        Path certificate = certificates.resolve("apiserver.crt");
        writePrivately(kubeconfig, kubeconfig(port, certificate, token));
        LocalProcess process = LocalProcess.start(
                new LocalProcess.Program("kube-apiserver", folder.resolve("kube-apiserver.log"), command));
        process.awaitReady(() -> isReady(kubeconfig, certificate), Duration.ofMinutes(2));
        String description = "kube-apiserver " + Component.KUBE_APISERVER.versionOf(program) + ", " + etcd.describe();
        return new ApiServer(etcd, process, kubeconfig, description);
    }

    private static boolean isReady(Path kubeconfig, Path certificate) throws IOException {
        if (!Files.exists(certificate)) {
            return false;
        }
        Config config = Config.fromKubeconfig(kubeconfig.toFile());
        config.setRequestRetryBackoffLimit(0);
        config.setConnectionTimeout(2_000);
        config.setRequestTimeout(5_000);
        try (KubernetesClient client =
                new KubernetesClientBuilder().withConfig(config).build()) {
            // The namespace comes a little after "ok", and most tests start in it.
            return "ok".equals(client.raw("/readyz"))
                    && client.namespaces().withName("default").get() != null;
        } catch (KubernetesClientException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Makes the administrator's token and the key of ServiceAccount tokens, once per directory. */
    private static String credentials(Path folder) throws IOException {
        Path tokens = folder.resolve("tokens.csv");
        if (!Files.exists(tokens)) {
            try {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
                generator.initialize(2048);
                KeyPair pair = generator.generateKeyPair();
                writePrivately(folder.resolve("service-accounts.key"), pem("PRIVATE KEY", pair.getPrivate()));
                writePrivately(folder.resolve("service-accounts.pub"), pem("PUBLIC KEY", pair.getPublic()));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("every JDK has RSA", e);
            }
            byte[] random = new byte[16];
            new SecureRandom().nextBytes(random);
            writePrivately(
                    tokens, HexFormat.of().formatHex(random) + ",sandbox-admin,sandbox-admin,\"system:masters\"\n");
        }
        String line = Files.readString(tokens);
        return line.substring(0, line.indexOf(','));
    }

    private static String pem(String type, Key key) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded());
        return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
    }

    private static String kubeconfig(int port, Path certificate, String token) {
        return """
                apiVersion: v1
                kind: Config
                current-context: sandbox
                clusters:
                - name: sandbox
                  cluster:
                    server: https://127.0.0.1:%d
                    certificate-authority: '%s'
                users:
                - name: sandbox-admin
                  user:
                    token: %s
                contexts:
                - name: sandbox
                  context: {cluster: sandbox, user: sandbox-admin, namespace: default}
                """.formatted(port, certificate, token);
    }

    private static void writePrivately(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    LocalProcess process() {
        return process;
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        try {
            process.close();
        } finally {
            etcd.close();
        }
    }
}
