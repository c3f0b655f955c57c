package io.virtualimage.sandbox;

import io.virtualimage.topics.RecordSchemas;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Writes JSON Schemas of what is on the topics, for validators that nobody here wrote. Without an argument, that of any
 * record goes to standard output; with a folder, it goes there as {@code record.json}, beside one
 * {@code <CloudEvents type>.json} each. Then
 *
 * <pre>kcat -C -b $BOOTSTRAP -t virtualimage.fetched -e -q | jq -s . | check-jsonschema --schemafile record.json -</pre>
 */
public final class Schemas {
    private Schemas() {}

    public static void main(String[] args) throws IOException {
        RecordSchemas schemas = read();
        if (args.length == 0) {
            System.out.println(schemas.ofAny().toPrettyString());
        } else {
            write(schemas, Path.of(args[0]));
            System.out.println(schemas.types().size() + 1 + " schemas in " + args[0]);
        }
    }

    static RecordSchemas read() throws IOException {
        try (InputStream contract = RecordSchemas.asyncApi()) {
            return new RecordSchemas(new YAMLMapper().readTree(contract));
        }
    }

    private static void write(RecordSchemas schemas, Path folder) throws IOException {
        Files.createDirectories(folder);
        write(schemas.ofAny(), folder.resolve("record.json"));
        for (String type : schemas.types()) {
            write(schemas.of(type), folder.resolve(type + ".json"));
        }
    }

    private static void write(JsonNode schema, Path file) throws IOException {
        Files.writeString(file, schema.toPrettyString() + "\n");
    }
}
