package io.virtualimage.fetcher.work;

import java.security.MessageDigest;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.GOST3411_2012_256Digest;
import org.bouncycastle.crypto.digests.GOST3411_2012_512Digest;

/**
 * Streebog, the hash function of GOST R 34.11-2012 (RFC 6986), as Java's own digests are used: not from a provider, so
 * that nothing of the process's cryptography changes.
 *
 * <p>Both documents write messages and digests as numbers, the last byte first. Tools that print a file's checksum
 * (gostsum, rhash, OpenSSL's engine, Go's gogost, which the platform's importer uses) print the first byte first, as for
 * any other algorithm; so do these.
 */
final class Streebog extends MessageDigest {
    private final Digest digest;

    private Streebog(Digest digest) {
        super(digest.getAlgorithmName());
        this.digest = digest;
    }

    static Streebog of256Bits() {
        return new Streebog(new GOST3411_2012_256Digest());
    }

    static Streebog of512Bits() {
        return new Streebog(new GOST3411_2012_512Digest());
    }

    @Override
    protected int engineGetDigestLength() {
        return digest.getDigestSize();
    }

    @Override
    protected void engineUpdate(byte input) {
        digest.update(input);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
        digest.update(input, offset, length);
    }

    @Override
    protected byte[] engineDigest() {
        byte[] value = new byte[digest.getDigestSize()];
        digest.doFinal(value, 0); // resets
        return value;
    }

    @Override
    protected void engineReset() {
        digest.reset();
    }
}
