package io.virtualimage.k8s.volume;

/** What a Job does with a volume. */
public enum VolumeWork {
    /** Reads a disk that an image is made from. */
    READ("read"),
    /** Fills a claim with an image. */
    FILL("fill");

    private final String word;

    VolumeWork(String word) {
        this.word = word;
    }

    /** In names, and what the program is told. */
    public String word() {
        return word;
    }

    /** Of {@link io.virtualimage.k8s.WellKnown#COMPONENT_LABEL}, on everything that is made for this work. */
    public String component() {
        return word + "-volume";
    }
}
