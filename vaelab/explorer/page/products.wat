;; Products of inputs at two places with the weights of filters, four at a time, in double precision; `make products` builds
;; products.wasm from it. products.js says the same in JavaScript, to the last bit.
(module
  (memory (import "page" "memory") 1)
  (func (export "add")
    ;; Addresses in bytes; `filters` is at least 4, and what is left of it after fours is not looked at. The sums of the second
    ;; place follow those of the first. Weights: four filters side by side for each channel.
    (param $sums i32) (param $filters i32) (param $one i32) (param $two i32) (param $channels i32) (param $weights i32)
    (local $end i32) (local $k i32) (local $v v128) (local $w0 v128) (local $w1 v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128) (local $other i32)
    (local.set $other (i32.add (local.get $sums) (i32.shl (local.get $filters) (i32.const 3))))
    (local.set $end (i32.shl (local.get $channels) (i32.const 3)))
    (loop $filter
      (local.set $a (v128.const i64x2 0 0))
      (local.set $b (v128.const i64x2 0 0))
      (local.set $c (v128.const i64x2 0 0))
      (local.set $d (v128.const i64x2 0 0))
      (local.set $k (i32.const 0))
      (loop $channel
        (local.set $w0 (v128.load (local.get $weights)))
        (local.set $w1 (v128.load offset=16 (local.get $weights)))
        (local.set $v (v128.load64_splat (i32.add (local.get $one) (local.get $k))))
        (local.set $a (f64x2.add (local.get $a) (f64x2.mul (local.get $v) (local.get $w0))))
        (local.set $b (f64x2.add (local.get $b) (f64x2.mul (local.get $v) (local.get $w1))))
        (local.set $v (v128.load64_splat (i32.add (local.get $two) (local.get $k))))
        (local.set $c (f64x2.add (local.get $c) (f64x2.mul (local.get $v) (local.get $w0))))
        (local.set $d (f64x2.add (local.get $d) (f64x2.mul (local.get $v) (local.get $w1))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 32)))
        (local.set $k (i32.add (local.get $k) (i32.const 8)))
        (br_if $channel (i32.lt_u (local.get $k) (local.get $end))))
      (v128.store (local.get $sums) (f64x2.add (v128.load (local.get $sums)) (local.get $a)))
      (v128.store offset=16 (local.get $sums) (f64x2.add (v128.load offset=16 (local.get $sums)) (local.get $b)))
      (v128.store (local.get $other) (f64x2.add (v128.load (local.get $other)) (local.get $c)))
      (v128.store offset=16 (local.get $other) (f64x2.add (v128.load offset=16 (local.get $other)) (local.get $d)))
      (local.set $sums (i32.add (local.get $sums) (i32.const 32)))
      (local.set $other (i32.add (local.get $other) (i32.const 32)))
      (local.set $filters (i32.sub (local.get $filters) (i32.const 4)))
      (br_if $filter (i32.ge_s (local.get $filters) (i32.const 4))))))
