package io.virtualimage.topics;

import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The AsyncAPI document as a tree, with what its references mean. */
record AsyncApi(JsonNode root) {

    static AsyncApi read() {
        try (InputStream document = RecordSchemas.asyncApi()) {
            return new AsyncApi(new YAMLMapper().readTree(document));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    JsonNode channels() {
        return root.path("channels");
    }

    JsonNode operations() {
        return root.path("operations");
    }

    JsonNode messages() {
        return root.at("/components/messages");
    }

    JsonNode schemas() {
        return root.at("/components/schemas");
    }

    /** What stands at a reference; the node itself if it is none. */
    JsonNode follow(JsonNode node) {
        if (!node.has("$ref")) {
            return node;
        }
        String reference = node.path("$ref").asString();
        JsonNode target = root.at(reference.substring(1));
        if (target.isMissingNode()) {
            throw new AssertionError(reference + " is nowhere in the document");
        }
        return follow(target);
    }

    /** The same, and through an {@code allOf} of one, which is how a reference gets a description of its own. */
    JsonNode followSchema(JsonNode schema) {
        JsonNode target = follow(schema);
        return target.path("allOf").size() == 1
                ? followSchema(target.path("allOf").path(0))
                : target;
    }

    /** The keys of an object, or the texts of an array. */
    static Set<String> words(JsonNode node) {
        Stream<String> words =
                node.isArray() ? node.valueStream().map(JsonNode::asString) : node.propertyNames().stream();
        return words.collect(TreeSet::new, Set::add, Set::addAll);
    }

    /** The last word of a reference. */
    static String nameIn(JsonNode reference) {
        String text = reference.path("$ref").asString();
        return text.substring(text.lastIndexOf('/') + 1);
    }
}
