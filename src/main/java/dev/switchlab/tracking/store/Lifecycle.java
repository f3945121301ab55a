package dev.switchlab.tracking.store;

import java.util.List;

/** The two values of MLflow's lifecycle_stage columns, and the view types that select by them. */
final class Lifecycle {
    static final String ACTIVE = "active";
    static final String DELETED = "deleted";

    private Lifecycle() {}

    /** The stages that a view type of a search request shows. */
    static List<String> stages(RequestMessage request, String field) {
        return switch (request.string(field, "ACTIVE_ONLY")) {
            case "ACTIVE_ONLY" -> List.of(ACTIVE);
            case "DELETED_ONLY" -> List.of(DELETED);
            case "ALL" -> List.of(ACTIVE, DELETED);
            default -> throw request.invalidValue(field);
        };
    }
}
