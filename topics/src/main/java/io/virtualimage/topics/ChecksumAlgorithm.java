package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** The checksums that a user may ask for; the wire name is the field's name in the VirtualImage. */
public enum ChecksumAlgorithm {
    MD5("md5", 32),
    SHA1("sha1", 40),
    SHA256("sha256", 64),
    SHA512("sha512", 128),
    STREEBOG256("streebog256", 64),
    STREEBOG512("streebog512", 128);

    private final String wireName;
    private final int hexDigits;

    ChecksumAlgorithm(String wireName, int hexDigits) {
        this.wireName = wireName;
        this.hexDigits = hexDigits;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }

    public int hexDigits() {
        return hexDigits;
    }
}
