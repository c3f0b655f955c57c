package io.virtualimage.topics;

import java.util.Objects;

/**
 * One version of what a user wants of one image: the identity that every event, task, staged object, tag and claim
 * carries, so that bytes of two versions never mix.
 *
 * @param namespace namespace of the VirtualImage
 * @param name name of the VirtualImage
 * @param uid {@code metadata.uid}: two objects of one name that lived one after the other are two images
 * @param generation {@code metadata.generation}, from 1; raised by the API server when the spec changes
 * @param run raised by the watcher when the annotation {@code virtualimage.io/retry} changes, or what the spec refers to
 *     is no longer what it was; from 0
 */
public record Incarnation(String namespace, String name, String uid, long generation, long run)
        implements Comparable<Incarnation> {

    public Incarnation {
        requireWord("namespace", namespace);
        requireWord("name", name);
        requireWord("uid", uid);
        if (generation < 1 || run < 0) {
            throw new IllegalArgumentException("generation " + generation + " and run " + run + " of " + uid);
        }
    }

    /** Orders the versions of one image: by generation, then by run. Two different images have no order. */
    @Override
    public int compareTo(Incarnation other) {
        if (!uid.equals(other.uid)) {
            throw new IllegalArgumentException("no order between images " + uid + " and " + other.uid);
        }
        int byGeneration = Long.compare(generation, other.generation);
        return byGeneration != 0 ? byGeneration : Long.compare(run, other.run);
    }

    public boolean isAfter(Incarnation other) {
        return compareTo(other) > 0;
    }

    /**
     * What ends the names that are published under (tag, claim): the bare UID for the first version, and a name of
     * its own for every later one. Nothing visible is ever overwritten.
     */
    public String publicName() {
        return generation == 1 && run == 0 ? uid : uid + "-" + version("-");
    }

    /** {@code generation.run}, as in the names of staged objects. */
    public String version() {
        return version(".");
    }

    /** {@code namespace/name}, the CloudEvents subject. */
    public String subject() {
        return namespace + "/" + name;
    }

    private String version(String separator) {
        return generation + separator + run;
    }

    private static void requireWord(String what, String value) {
        Objects.requireNonNull(value, what);
        if (value.isEmpty() || value.indexOf('/') >= 0) {
            throw new IllegalArgumentException("'" + value + "' is no " + what);
        }
    }
}
