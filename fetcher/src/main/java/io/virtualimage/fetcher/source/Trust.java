package io.virtualimage.fetcher.source;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** The certificates of the system and those of one bundle besides. */
record Trust(SSLSocketFactory sockets, X509TrustManager manager) {

    /**
     * Trusts the system's certificates and these.
     *
     * @throws CertificateException if the text holds no certificate, or a broken one
     */
    static Trust with(String pem) throws GeneralSecurityException {
        Collection<? extends Certificate> added = CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
        if (added.isEmpty()) {
            throw new CertificateException("it holds no certificate");
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
        for (Certificate certificate : added) {
            store.setCertificateEntry("bundle-" + count++, certificate);
        }
        X509TrustManager manager = manager(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {manager}, null);
        return new Trust(context.getSocketFactory(), manager);
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
