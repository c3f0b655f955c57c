package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Authorities and servers of OpenSSL's, and curl as the judge of them: certificates, TLS and verdicts that are not
 * Java's.
 *
 * @param folder where keys, certificates and the files to serve are
 */
record Openssl(Path folder) {
    private static final Pattern ACCEPTING = Pattern.compile("ACCEPT .*:([0-9]+)");

    /** Extensions of an authority, and of a server at 127.0.0.1. */
    static final String AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";

    static final String SERVER = "subjectAltName=IP:127.0.0.1\n";

    /** Makes a certificate that vouches for itself. Negative days: it has expired. */
    void selfSigned(String name, String extensions, int days) throws IOException, InterruptedException {
        request(name, extensions);
        run(
                "openssl",
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-signkey",
                name + ".key",
                "-extfile",
                name + ".ext",
                "-days",
                Integer.toString(days),
                "-out",
                name + ".pem");
    }

    /** Makes a certificate that another one vouches for. */
    void issue(String name, String issuer, String extensions, int days) throws IOException, InterruptedException {
        request(name, extensions);
        run(
                "openssl",
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                issuer + ".pem",
                "-CAkey",
                issuer + ".key",
                "-CAcreateserial",
                "-extfile",
                name + ".ext",
                "-days",
                Integer.toString(days),
                "-out",
                name + ".pem");
    }

    private void request(String name, String extensions) throws IOException, InterruptedException {
        Files.writeString(folder.resolve(name + ".ext"), extensions);
        run(
                "openssl",
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                name + ".key",
                "-subj",
                "/CN=" + name,
                "-out",
                name + ".csr");
    }

    String pem(String... names) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String name : names) {
            all.append(Files.readString(folder.resolve(name + ".pem")));
        }
        return all.toString();
    }

    /** Serves the folder's files with that certificate; sends the others along. */
    Server serve(String name, String... chain) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-cert",
                name + ".pem",
                "-key",
                name + ".key",
                "-WWW"));
        if (chain.length > 0) {
            Files.writeString(folder.resolve(name + ".chain"), pem(chain));
            command.addAll(List.of("-cert_chain", name + ".chain"));
        }
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        BufferedReader printed = process.inputReader();
        StringBuilder seen = new StringBuilder();
        for (String line = printed.readLine(); line != null; line = printed.readLine()) {
            seen.append(line).append('\n');
            Matcher accepting = ACCEPTING.matcher(line);
            if (accepting.matches()) {
                Thread.ofVirtual().start(() -> drain(printed));
                return new Server(process, Integer.parseInt(accepting.group(1)));
            }
        }
        throw new AssertionError("openssl s_server ended: " + seen);
    }

    /** So that a server that prints never waits for somebody to read it. */
    private static void drain(BufferedReader printed) {
        try {
            printed.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It was stopped.
        }
    }

    /** @param port on the loopback */
    record Server(Process process, int port) implements AutoCloseable {
        String url(String host, String file) {
            return "https://" + host + ":" + port + "/" + file;
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** Whether curl fetches the URL, trusting that file's certificates and no others. */
    boolean curlTrusts(String url, Path bundle) throws IOException, InterruptedException {
        Process curl = new ProcessBuilder(
                        "curl", "-q", "-s", "--noproxy", "*", "--max-time", "30", "--cacert", bundle.toString(), url)
                .directory(folder.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        int code = curl.waitFor();
        // 60: the peer's certificate can't be verified, its name included. 77: nor can the bundle be used.
        assertThat(code).isIn(0, 60, 77);
        return code == 0;
    }

    private void run(String... command) throws IOException, InterruptedException {
        Path log = folder.resolve("openssl.log");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean ended = process.waitFor(30, TimeUnit.SECONDS);
        assertThat(ended && process.exitValue() == 0)
                .as("%s: %s", String.join(" ", command), Files.readString(log))
                .isTrue();
    }
}
