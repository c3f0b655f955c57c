package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a source turned out to be, by the names of {@code status.format}. */
public enum ImageFormat {
    QCOW2("qcow2"),
    RAW("raw"),
    VMDK("vmdk"),
    VDI("vdi"),
    VPC("vpc"),
    VHDX("vhdx"),
    ISO("iso");

    private final String wireName;

    ImageFormat(String wireName) {
        this.wireName = wireName;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }
}
