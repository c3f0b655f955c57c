package io.virtualimage.oci;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/** Certificates of authorities to trust besides those that Java trusts. */
public final class CaBundle {

    private CaBundle() {}

    /** Reads PEM; text that holds no certificate is an {@link IllegalArgumentException}. */
    public static List<X509Certificate> parse(byte[] pem) {
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            for (var each :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem))) {
                certificates.add((X509Certificate) each);
            }
        } catch (CertificateException e) {
            throw new IllegalArgumentException("the CA bundle is not X.509 in PEM", e);
        }
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("the CA bundle has no certificate");
        }
        return List.copyOf(certificates);
    }

    static void apply(List<X509Certificate> trusted, OkHttpClient.Builder client) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (X509Certificate each : trusted) {
                store.setCertificateEntry("bundle-" + number++, each);
            }
            for (X509Certificate each : trustManager(null).getAcceptedIssuers()) {
                store.setCertificateEntry("java-" + number++, each);
            }
            X509TrustManager both = trustManager(store);
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(null, new X509TrustManager[] {both}, null);
            client.sslSocketFactory(tls.getSocketFactory(), both);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the CA bundle can't be used", e);
        }
    }

    private static X509TrustManager trustManager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (var each : factory.getTrustManagers()) {
            if (each instanceof X509TrustManager x509) {
                return x509;
            }
        }
        throw new IllegalStateException("this Java has no X.509 trust manager");
    }
}
