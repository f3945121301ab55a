package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.Script;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The routing plan as tensors, made by index arithmetic on the device that the pass runs on, so that nothing waits for
 * the host. The same plan as {@link RoutingPlan} makes, to the integer.
 *
 * <ol>
 *   <li>Choices: the K largest wishes of a token, found by a stable sort, of equals the first; among themselves by
 *       falling score.
 *   <li>Places: a pair's place in the line before its expert is the number of pairs before it that want the same
 *       expert, a cumulative sum: first choices in the order of tokens, then second ones and so on. The choice at which
 *       an expert's slots run out stands in the order of priorities.
 *   <li>A pair whose place is at or over the capacity is dropped; or goes through E - K more rounds of the same
 *       arithmetic, in which it tries its token's next best expert.
 *   <li>Slot {@code place * E + expert} of (C, E). C is fixed where the capacity is: it is the capacity, at most N.
 *       Without dropping C is the load of the fullest expert, which is read from the device: one wait per layer.
 * </ol>
 *
 * <p>Takes N * K * E integers of memory for the cumulative sum.
 */
public final class DevicePlan implements Plan {

    static final Script SCRIPT = Script.of("routing plan", """
            def experts(self, like: Tensor, e: int) -> Tensor:
              return torch.sub(torch.cumsum(torch.new_ones(like, [e]), 0), 1)
            def wants(self, routes: Tensor, e: int) -> Tensor:
              return torch.eq(torch.unsqueeze(routes, -1), self.experts(routes, e))
            def at(self, table: Tensor, routes: Tensor) -> Tensor:
              n = torch.size(routes, 0)
              wide = torch.expand(table, [n, torch.size(table, -2), torch.size(table, -1)])
              return torch.squeeze(torch.gather(wide, 2, torch.unsqueeze(routes, 2)), 2)

            def choose(self, scores: Tensor, wishes: Tensor, k: int) -> List[Tensor]:
              order = torch.argsort(torch.add(wishes, 0.), stable=True, dim=1, descending=True)
              chosen = torch.slice(order, 1, 0, k)
              own = torch.add(torch.gather(scores, 1, chosen), 0.)
              falling = torch.argsort(own, stable=True, dim=1, descending=True)
              return [torch.gather(chosen, 1, falling), torch.slice(order, 1, k)]

            def line(self, wants: Tensor, routes: Tensor) -> Tensor:
              line = torch.cumsum(wants, 0)
              group = torch.select(line, 0, -1)
              before = torch.sub(torch.cumsum(group, 0), group)
              return torch.sub(self.at(torch.add(line, before), routes), 1)

            def places(self, routes: Tensor, e: int) -> Tensor:
              return self.line(self.wants(routes, e), routes)

            def places_by_priority(self, routes: Tensor, e: int, capacity: int, priorities: Tensor) -> Tensor:
              wants = self.wants(routes, e)
              order = torch.argsort(priorities)
              back = torch.argsort(order)
              sorted = self.line(torch.index_select(wants, 0, order), torch.index_select(routes, 0, order))
              group = torch.sum(wants, [0])
              upto = torch.cumsum(group, 0)
              cut = torch.logical_and(torch.le(torch.sub(upto, group), capacity), torch.gt(upto, capacity))
              return torch.where(self.at(cut, routes), torch.index_select(sorted, 0, back), self.line(wants, routes))

            def reroute(self, routes: Tensor, places: Tensor, others: Tensor, e: int, capacity: int) -> List[Tensor]:
              m = torch.size(others, 1)
              takers = routes
              used = torch.clamp(torch.sum(self.wants(routes, e), [0, 1]), None, capacity)
              left = torch.ge(places, capacity)
              tried = torch.zeros_like(torch.slice(routes, 1, 0, 1))
              for round in range(m):
                nth = torch.add(torch.sub(torch.cumsum(left, 1), 1), tried)
                tries = torch.logical_and(left, torch.lt(nth, m))
                next = torch.gather(others, 1, torch.clamp(nth, 0, torch.sub(m, 1)))
                wants = torch.logical_and(self.wants(next, e), torch.unsqueeze(tries, -1))
                place = torch.add(self.line(wants, next), torch.index_select(used, 0, torch.flatten(next)).view_as(next))
                fits = torch.logical_and(tries, torch.lt(place, capacity))
                takers = torch.where(fits, next, takers)
                places = torch.where(fits, place, places)
                used = torch.clamp(torch.add(used, torch.sum(wants, [0, 1])), None, capacity)
                tried = torch.add(tried, torch.sum(left, [1], True))
                left = torch.logical_and(left, torch.logical_not(fits))
              return [takers, places]

            def counts(self, routes: Tensor, e: int) -> Tensor:
              return torch.sum(self.wants(routes, e), [0, 1])
            def fullest(self, routes: Tensor, e: int) -> Tensor:
              return torch.max(self.counts(routes, e))
            def kept(self, places: Tensor, limit: int) -> Tensor:
              return torch.reshape(torch.to(torch.lt(places, limit), 6), [-1, 1])

            def slots(self, takers: Tensor, places: Tensor, e: int, limit: int, c: int) -> List[Tensor]:
              n = torch.size(takers, 0)
              kept = torch.lt(places, limit)
              slot = torch.add(torch.mul(places, e), takers)
              spare = torch.mul(c, e)
              into = torch.where(kept, slot, torch.full_like(slot, spare))
              tokens = torch.expand_as(torch.unsqueeze(self.experts(takers, n), 1), takers)
              empty = torch.new_zeros(takers, [torch.add(spare, 1)])
              filled = torch.scatter(empty, 0, torch.flatten(into), torch.flatten(tokens))
              return [torch.slice(filled, 0, 0, spare), torch.flatten(torch.where(kept, slot, torch.zeros_like(slot)))]

            def load(self, routes: Tensor, e: int, b: int) -> Tensor:
              n = torch.size(routes, 0)
              k = torch.size(routes, 1)
              wants = torch.reshape(self.wants(routes, e), [torch.floordiv(n, b), b, k, e])
              counts = torch.to(torch.sum(wants, [0, 2]), 7)
              share = torch.div(counts, torch.floordiv(torch.mul(n, k), b))
              return torch.to(torch.div(torch.mul(share, e), n), 6)
            """);

    private final RoutingPlan.Overflow overflow;
    private final int experts;
    private final NDArray routes;
    private final NDArray takers;
    private final NDArray places;

    /**
     * Gives every token the experts it would like, as far as there is room.
     *
     * @param manager owns the plan
     * @param scores (N, E)
     * @param wishes what is chosen by, (N, E)
     * @param topK K
     */
    DevicePlan(NDManager manager, NDArray scores, NDArray wishes, int topK, RoutingPlan.Overflow overflow) {
        this.overflow = overflow;
        experts = Math.toIntExact(scores.getShape().get(1));
        NDArray[] choices = SCRIPT.tensors(manager, "choose", scores, wishes, topK);
        routes = forAutograd(choices[0]); // (N, K)
        if (!drops()) {
            takers = routes;
            places = SCRIPT.tensor(manager, "places", routes, experts); // (N, K)
        } else if (!overflow.nextChoice()) {
            takers = routes;
            places = places(manager, routes, experts, overflow); // (N, K)
        } else {
            NDArray wanted = places(manager, routes, experts, overflow); // (N, K)
            NDArray[] found =
                    SCRIPT.tensors(manager, "reroute", routes, wanted, choices[1], experts, overflow.capacity());
            takers = forAutograd(found[0]); // (N, K)
            places = found[1]; // (N, K)
        }
    }

    /** An expert takes a token once: with room for all tokens nothing can be dropped. */
    private boolean drops() {
        return overflow.dropTokens() && overflow.capacity() < tokens();
    }

    /** Pairs that an expert takes: one whose place is at or over it is dropped. */
    int limit() {
        return drops() ? overflow.capacity() : tokens();
    }

    /** Whether dropped pairs tried their next best experts. */
    boolean reroutes() {
        return drops() && overflow.nextChoice();
    }

    private static NDArray places(NDManager manager, NDArray routes, int e, RoutingPlan.Overflow overflow) {
        int tokens = Math.toIntExact(routes.getShape().get(0));
        long[] priorities =
                overflow.policy().priorities(overflow.layer(), tokens).orElseGet(() -> recorded(routes, e, overflow));
        return SCRIPT.tensor(
                manager, "places_by_priority", routes, e, overflow.capacity(), manager.create(priorities)); // (N, K)
    }

    /** The priorities that a policy means which has to know the routes: read from the device, one wait. */
    private static long[] recorded(NDArray routes, int e, RoutingPlan.Overflow overflow) {
        int k = Math.toIntExact(routes.getShape().get(1));
        if (k > 1) {
            throw new IllegalStateException("orders by expert are no order of tokens with " + k + " choices per token");
        }
        int[] wanted =
                Arrays.stream(HostCopy.longs(routes)).mapToInt(Math::toIntExact).toArray();
        return RoutingPlan.priorities(wanted, e, overflow);
    }

    /**
     * What a script makes may not be kept for a backward pass nor changed in place (libtorch's inference mode): a copy
     * may.
     */
    private static NDArray forAutograd(NDArray result) {
        try (result) {
            return result.duplicate();
        }
    }

    @Override
    public int tokens() {
        return Math.toIntExact(routes.getShape().get(0));
    }

    @Override
    public int experts() {
        return experts;
    }

    @Override
    public int choices() {
        return Math.toIntExact(routes.getShape().get(1));
    }

    @Override
    public int capacity() {
        return overflow.capacity();
    }

    @Override
    public NDArray routes(NDManager manager) {
        return routes;
    }

    @Override
    public NDArray counts(NDManager manager) {
        return forAutograd(SCRIPT.tensor(manager, "counts", routes, experts)); // (E)
    }

    @Override
    public NDArray takers(NDManager manager) {
        return takers;
    }

    @Override
    public Optional<NDArray> kept(NDManager manager) {
        return drops()
                ? Optional.of(forAutograd(SCRIPT.tensor(manager, "kept", places, limit())))
                : Optional.empty(); // (N * K, 1)
    }

    @Override
    public NDArray loadWeights(NDManager manager, int sequences) {
        return forAutograd(SCRIPT.tensor(manager, "load", routes, experts, sequences)); // (B, E)
    }

    /** Where tokens stand in (C, E), for a dispatch of that shape. */
    Slots slots(NDManager manager) {
        int c = overflow.dropTokens()
                ? limit()
                : (int) HostCopy.number(SCRIPT.tensor(manager, "fullest", routes, experts));
        NDArray[] slots = SCRIPT.tensors(manager, "slots", takers, places, experts, limit(), c);
        return new Slots(c, forAutograd(slots[0]), forAutograd(slots[1]));
    }

    @Override
    public RoutingPlan onHost() {
        List<double[]> read = HostCopy.all(routes.getManager(), List.of(routes, takers, places));
        return RoutingPlan.read(this, ints(read.get(0)), ints(read.get(1)), ints(read.get(2)));
    }

    private static int[] ints(double[] numbers) {
        return Arrays.stream(numbers).mapToInt(number -> (int) number).toArray();
    }
}
