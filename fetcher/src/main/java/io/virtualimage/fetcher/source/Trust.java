package io.virtualimage.fetcher.source;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The certificates of the system and those of one bundle besides. Each of the bundle's is trusted by itself, be it a
 * root, an intermediate one (the server need not send what stands above it) or the server's own.
 */
record Trust(SSLSocketFactory sockets, X509TrustManager manager) {
    /** RFC 7468, section 5: what stands between blocks is a comment. The second label is OpenSSL's own. */
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----([^-]*)-----END \\1-----");

    private static final Pattern BEGIN = Pattern.compile("-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----");

    /**
     * Trusts the system's certificates and these. Those that have expired are passed over, as bundles keep old ones:
     * Java would trust them for ever.
     *
     * @throws CertificateException if the text holds no certificate, none that is still valid, or a broken one
     */
    static Trust with(String pem, Instant now) throws GeneralSecurityException {
        List<X509Certificate> added = parse(pem);
        List<X509Certificate> valid = added.stream()
                .filter(certificate -> certificate.getNotAfter().toInstant().isAfter(now))
                .toList();
        if (valid.isEmpty()) {
            Instant last = added.stream()
                    .map(certificate -> certificate.getNotAfter().toInstant())
                    .max(Instant::compareTo)
                    .orElseThrow();
            throw new CertificateException(
                    added.size() == 1
                            ? "its certificate expired on " + last
                            : "its %d certificates have expired, the last one on %s".formatted(added.size(), last));
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new IllegalStateException("an empty key store can't be made", e);
        }
        int count = 0;
        for (X509Certificate system : manager(null).getAcceptedIssuers()) {
            store.setCertificateEntry("system-" + count++, system);
        }
        for (X509Certificate certificate : valid) {
            store.setCertificateEntry("bundle-" + count++, certificate);
        }
        X509TrustManager manager = manager(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {manager}, null);
        return new Trust(context.getSocketFactory(), manager);
    }

    private static List<X509Certificate> parse(String pem) throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher block = BLOCK.matcher(pem);
        while (block.find()) {
            try {
                byte[] der = Base64.getMimeDecoder().decode(block.group(2));
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException | IllegalArgumentException e) {
                throw new CertificateException(
                        "its certificate number %d is broken: %s"
                                .formatted(certificates.size() + 1, ConnectionWords.plain(e.getMessage())),
                        e);
            }
        }
        long begun = BEGIN.matcher(pem).results().count();
        if (begun == 0) {
            throw new CertificateException(
                    "it holds no certificate in PEM (nothing in it begins with -----BEGIN CERTIFICATE-----)");
        }
        if (begun != certificates.size()) {
            throw new CertificateException(
                    "of its %d certificates only %d are whole".formatted(begun, certificates.size()));
        }
        return certificates;
    }

    private static X509TrustManager manager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return x509;
            }
        }
        throw new IllegalStateException("no X.509 trust manager in this Java");
    }
}
