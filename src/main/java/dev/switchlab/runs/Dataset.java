package dev.switchlab.runs;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.runs.db.DatasetsTable.DatasetRow;

/**
 * The text that a run trains on, shown by MLflow as the run's dataset.
 *
 * @param name such as {@code tiny-shakespeare}
 * @param digest identifies the contents; its first 8 characters are kept, as MLflow's own digests have
 * @param source an http(s) address or a file
 * @param characters number of characters in the whole text
 * @param vocabulary number of different characters
 * @param training number of characters in the training split
 * @param validation number of characters in the validation split
 */
public record Dataset(
        String name, String digest, String source, long characters, int vocabulary, long training, long validation) {
    /** One sequence of characters, as an MLflow tensor schema: JSON with JSON inside. */
    private static final String SCHEMA = """
            {"mlflow_tensorspec":{"features":"[{\\"name\\":\\"characters\\",\\"type\\":\\"tensor\\",\
            \\"tensor-spec\\":{\\"dtype\\":\\"int32\\",\\"shape\\":[-1]}}]","targets":null}}""";

    private static final int MAX_NAME = 500;
    private static final int DIGITS = 8;

    public Dataset {
        if (name.isBlank() || name.length() > MAX_NAME) {
            throw new BookException(
                    "dataset name '" + name + "': allowed are 1 to " + MAX_NAME + " characters, e.g. tiny-shakespeare");
        }
        if (digest.isBlank()) {
            throw new BookException("dataset '" + name + "': has no digest; allowed: e.g. the beginning of its sha256");
        }
        digest = digest.substring(0, Math.min(digest.length(), DIGITS));
    }

    /** The dataset as a row of MLflow's tables. */
    DatasetRow row(Redactor redactor) {
        boolean remote = source.startsWith("http://") || source.startsWith("https://");
        ObjectNode address = JsonNodeFactory.instance.objectNode();
        address.put(remote ? "url" : "uri", redactor.clean(source));
        return new DatasetRow(
                name, digest, remote ? "http" : "local", address.toString(), SCHEMA, profile(), "training");
    }

    private String profile() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("num_elements", characters)
                .put("vocabulary", vocabulary)
                .put("training_characters", training)
                .put("validation_characters", validation)
                .toString();
    }
}
