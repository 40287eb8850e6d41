// What the environments need of Box2D 2.4, as C: bodies, hinges with motors, contacts, rays.
//
// Bodies and hinges are numbers, counted from 0 in the order they were added. Lengths are metres,
// angles radians, times seconds. A number that names nothing ends the process with a sentence. No
// function throws: memory that runs out ends the process too.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define BOX2D_NOTHROW noexcept
#else
#define BOX2D_NOTHROW
#endif

typedef struct box2d_world box2d_world;

typedef struct {
  float x, y;
} box2d_vector;

// What a fixture is made of, and with which categories it collides.
typedef struct {
  float density, friction, restitution;
  uint16_t category, mask;
  bool is_sensor;
} box2d_material;

typedef struct {
  box2d_vector position;  // of the body's origin
  box2d_vector velocity;  // of its centre of mass
  float angle, angular_velocity;
  bool is_awake;
} box2d_motion;

// A revolute joint with a motor and limits. Its angle is 0 in the pose in which it is added.
typedef struct {
  int32_t first, second;
  box2d_vector first_anchor, second_anchor;  // in each body's own frame
  float lower_angle, upper_angle;
  float motor_speed, largest_torque;
} box2d_hinge;

// Two bodies' fixtures begin or cease to touch.
typedef struct {
  int32_t first, second;
  bool begins;
} box2d_contact;

box2d_world *box2d_make_world(box2d_vector gravity) BOX2D_NOTHROW;
void box2d_free_world(box2d_world *world) BOX2D_NOTHROW;

int32_t box2d_add_body(box2d_world *world, bool is_dynamic, box2d_vector position,
                       float angle) BOX2D_NOTHROW;
// A convex polygon of 3 to 8 vertices.
void box2d_add_polygon(box2d_world *world, int32_t body, const box2d_vector *vertices,
                       int32_t count, box2d_material material) BOX2D_NOTHROW;
void box2d_add_box(box2d_world *world, int32_t body, box2d_vector half_size,
                   box2d_material material) BOX2D_NOTHROW;
void box2d_add_edge(box2d_world *world, int32_t body, box2d_vector start, box2d_vector end,
                    box2d_material material) BOX2D_NOTHROW;
int32_t box2d_add_hinge(box2d_world *world, box2d_hinge hinge) BOX2D_NOTHROW;

box2d_motion box2d_motion_of(const box2d_world *world, int32_t body) BOX2D_NOTHROW;
// These three wake the body.
void box2d_apply_force(box2d_world *world, int32_t body, box2d_vector force) BOX2D_NOTHROW;
void box2d_apply_torque(box2d_world *world, int32_t body, float torque) BOX2D_NOTHROW;
void box2d_apply_impulse(box2d_world *world, int32_t body, box2d_vector impulse,
                         box2d_vector point) BOX2D_NOTHROW;

float box2d_hinge_angle(const box2d_world *world, int32_t hinge) BOX2D_NOTHROW;
float box2d_hinge_speed(const box2d_world *world, int32_t hinge) BOX2D_NOTHROW;
// Wakes the bodies, as Box2D 2.3 does even if nothing changes.
void box2d_set_motor(box2d_world *world, int32_t hinge, float speed,
                     float largest_torque) BOX2D_NOTHROW;

void box2d_step(box2d_world *world, float seconds, int32_t velocity_iterations,
                int32_t position_iterations) BOX2D_NOTHROW;
// The contacts that began or ended in the last step, in Box2D's order; valid until the next step.
const box2d_contact *box2d_contacts(const box2d_world *world, int32_t *count) BOX2D_NOTHROW;
// How far along a ray the nearest fixture of a category is, as a fraction; 1 if there is none.
float box2d_cast_ray(const box2d_world *world, box2d_vector start, box2d_vector end,
                     uint16_t category) BOX2D_NOTHROW;

#ifdef __cplusplus
}
#endif
